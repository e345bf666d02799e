/** What can be told of a document from its text alone, in one pass and before the parser, which is recursive. */
import { ERROR_CODES } from '../../protocol/index.ts'
import { refuse } from '../errors.ts'
import type { DocumentLimits } from './limits.ts'

const code = (character: string): number => character.charCodeAt(0)
const QUOTE = code('"')
const BACKSLASH = code('\\')
const COMMENT = code('#')
const DOT = code('.')
const OPENING = new Set(['(', '[', '{'].map(code))
const CLOSING = new Set([')', ']', '}'].map(code))
/** GraphQL, section 2.1: line terminators, spaces, commas and the byte order mark are no tokens. */
const IGNORED = new Set([...'\n\r\t ,', '\uFEFF'].map(code))
const LINE_ENDS = new Set([...'\n\r'].map(code))

export interface TextMeasure {
  readonly tokens: number
  /** The most brackets open at the same time. */
  readonly nesting: number
}

/**
 * Counts like graphql's lexer: of a text that it takes, exactly as many tokens; of one that it refuses at some place, no fewer
 * up to there. Stops counting as soon as one of the limits is passed.
 */
export function measureText(text: string, limits: Pick<DocumentLimits, 'tokens' | 'nesting'>): TextMeasure {
  let [tokens, nesting, open] = [0, 0, 0]
  for (let at = 0; at < text.length; ) {
    const character = text.charCodeAt(at)
    if (IGNORED.has(character)) {
      at += 1
      continue
    }
    if (character === COMMENT) {
      at = endOfLine(text, at)
      continue
    }
    tokens += 1
    if (OPENING.has(character)) {
      open += 1
      nesting = Math.max(nesting, open)
    } else if (CLOSING.has(character)) open = Math.max(0, open - 1)
    if (tokens > limits.tokens || nesting > limits.nesting) break
    at = endOfToken(text, at, character)
  }
  return { tokens, nesting }
}

/** Throws DOCUMENT_TOO_COMPLEX for a text that is not to be parsed. */
export function checkText(text: string, limits: DocumentLimits): void {
  if (text.length > limits.characters) {
    throw tooComplex(`is ${text.length} characters long; ${limits.characters} are allowed`)
  }
  const { tokens, nesting } = measureText(text, limits)
  if (nesting > limits.nesting) throw tooComplex(`has more than ${limits.nesting} brackets open at the same time`)
  if (tokens > limits.tokens) throw tooComplex(`has more than ${limits.tokens} words and signs`)
}

export const tooComplex = (what: string): Error =>
  refuse(
    ERROR_CODES.DOCUMENT_TOO_COMPLEX,
    `This document ${what}. Nothing of it was run: ask for less, or in several documents.`,
  )

function endOfToken(text: string, start: number, first: number): number {
  if (first === QUOTE) return text.startsWith('"""', start) ? endOfBlock(text, start + 3) : endOfString(text, start + 1)
  if (first === DOT) return text.startsWith('...', start) ? start + 3 : start + 1
  if (isNameStart(first)) return endOfName(text, start)
  if (isNumberStart(first)) return endOfNumber(text, start)
  return start + 1
}

function endOfLine(text: string, start: number): number {
  let at = start
  while (at < text.length && !LINE_ENDS.has(text.charCodeAt(at))) at += 1
  return at
}

/** A string ends with its line at the latest. */
function endOfString(text: string, start: number): number {
  for (let at = start; at < text.length; at += 1) {
    const character = text.charCodeAt(at)
    if (character === QUOTE) return at + 1
    if (LINE_ENDS.has(character)) return at
    if (character === BACKSLASH && !LINE_ENDS.has(text.charCodeAt(at + 1))) at += 1
  }
  return text.length
}

/** `\"""` is the only escape of a block string. */
function endOfBlock(text: string, start: number): number {
  for (let at = text.indexOf('"""', start); at >= 0; at = text.indexOf('"""', at + 3)) {
    if (text.charCodeAt(at - 1) !== BACKSLASH || at - 1 < start) return at + 3
  }
  return text.length
}

function endOfName(text: string, start: number): number {
  let at = start + 1
  while (at < text.length && isNamePart(text.charCodeAt(at))) at += 1
  return at
}

/** Two numbers may stand together: `1-1` is two tokens. */
const NUMBER = /-?\d*(?:\.\d*)?(?:[eE][+-]?\d*)?/y

function endOfNumber(text: string, start: number): number {
  NUMBER.lastIndex = start
  NUMBER.test(text)
  return Math.max(start + 1, NUMBER.lastIndex)
}

const isDigit = (character: number): boolean => character >= 0x30 && character <= 0x39
const isNameStart = (character: number): boolean =>
  (character >= 0x41 && character <= 0x5a) || (character >= 0x61 && character <= 0x7a) || character === 0x5f
const isNamePart = (character: number): boolean => isNameStart(character) || isDigit(character)
const isNumberStart = (character: number): boolean => isDigit(character) || character === code('-')
