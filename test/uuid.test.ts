import { expect, test } from 'vitest'
import { systemRandom } from '../protocol/index.ts'
import { uuidSource } from '../protocol/uuid.ts'

const zeros = (): void => undefined

test('an id is a UUID of version 7 with the time in front', () => {
  const at = Date.UTC(2026, 10, 26)
  const id = uuidSource(
    () => at,
    bytes => crypto.getRandomValues(bytes),
  )()
  expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  expect(Number.parseInt(id.slice(0, 13).replace('-', ''), 16)).toBe(at)
})

test('ids rise in the order in which they are made, within a millisecond and when the clock is set back', () => {
  let now = 1_000_000
  const next = uuidSource(() => now, zeros)
  const made = Array.from({ length: 10_000 }, (_each, index) => {
    if (index === 5000) now -= 500
    return next()
  })
  expect([...made].sort()).toEqual(made)
  expect(new Set(made).size).toBe(made.length)
})

test('no two are alike', () => {
  expect(new Set(Array.from({ length: 50_000 }, () => systemRandom.uuid())).size).toBe(50_000)
})
