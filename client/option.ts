import { LayoverError } from './layover-error.ts'

/** The value, which has to be a number of at least 1. Throws BAD_OPTION. */
export function positive(name: string, value: number): number {
  if (value >= 1) return value
  throw new LayoverError('BAD_OPTION', `\`${name}\` must be a number of at least 1.`)
}
