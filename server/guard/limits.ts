/** How much one document may ask for. The defaults let every document of the client through, and few others. */

export interface DocumentLimits {
  /** Characters of the text; default 262,144, room for 100 tasks whose selections are printed with indentation. */
  readonly characters: number
  /**
   * Tokens of the text; default 16,000: 100 tasks, each with a long selection written out. What graphql does with a text
   * grows no faster than it does, and with the other limits nothing else grows.
   */
  readonly tokens: number
  /**
   * Brackets open at the same time, in the text and in the variables; default 40. graphql 16 overflows its stack at about
   * 2,000, which is 4 kB of text and far below any sensible number of tokens.
   */
  readonly nesting: number
  /** Fields below one another; default 10. Below the field of a task it starts anew. */
  readonly depth: number
  /** Fields with all fragments in their places; default 200. */
  readonly fields: number
  /** Fields that are given another name; default 20. */
  readonly aliases: number
  /** Default 20. */
  readonly directives: number
}

export const DEFAULT_LIMITS: DocumentLimits = {
  characters: 262_144,
  tokens: 16_000,
  nesting: 40,
  depth: 10,
  fields: 200,
  aliases: 20,
  directives: 20,
}

/** Throws a TypeError that names the first limit that is no positive whole number. */
export function limitsOf(given: Partial<DocumentLimits> = {}): DocumentLimits {
  const limits = { ...DEFAULT_LIMITS, ...given }
  for (const [name, value] of Object.entries(limits)) {
    if (!Number.isInteger(value) || value < 1) throw new TypeError(`limits.${name}: must be a whole number above 0`)
  }
  return limits
}
