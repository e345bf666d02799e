/** Values that come beside a document. Most are checked against their types; those of JSON scalars only here. */
import { ERROR_CODES } from '../../protocol/index.ts'
import { refuse } from '../errors.ts'
import { tooComplex } from './source.ts'

/**
 * Throws DOCUMENT_TOO_COMPLEX for values nested more than `nesting` deep, and BAD_USER_INPUT for keys that would reach an
 * object's prototype once something copies them. Iterative: what is asked here is whether recursion is safe.
 */
export function checkVariables(variables: unknown, nesting: number): void {
  let level: object[] = isObject(variables) ? [variables] : []
  for (let depth = 1; level.length > 0; depth += 1) {
    if (depth > nesting) throw tooComplex(`has variables nested more than ${nesting} deep`)
    const next: object[] = []
    for (const each of level) {
      for (const [key, value] of Object.entries(each)) {
        if (key === '__proto__' || (key === 'constructor' && isObject(value) && Object.hasOwn(value, 'prototype'))) {
          throw refuse(ERROR_CODES.BAD_USER_INPUT, 'Variables may not have a key that names a prototype.')
        }
        if (isObject(value)) next.push(value)
      }
    }
    level = next
  }
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null
