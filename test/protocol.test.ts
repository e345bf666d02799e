/** The wire cannot change silently. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { buildSchema, lexicographicSortSchema, printSchema, stripIgnoredCharacters } from 'graphql'
import { describe, expect, it } from 'vitest'
import * as protocol from '../protocol/index.ts'
import { gatewaySdl } from '../server/__generated__/gateway-sdl.ts'
import { vacationSdl } from '../server/vacation/__generated__/vacation-sdl.ts'

const {
  aliasOf,
  assertTaskMove,
  ERROR_CODES,
  errorCode,
  isClientId,
  isRetryableCode,
  isSettled,
  PROTOCOL_VERSION,
  REJECTION_CODES,
  TASK_MOVES,
  TASK_STATUSES,
  variableOf,
} = protocol

/** SHA-256 of the protocol's SDL (without comments) and its constants, by PROTOCOL_VERSION. */
const KNOWN: Readonly<Record<number, string>> = {
  1: '3c5412db4568abc59c92763705befa8603ffb21dab134c3c4ac2edf6a26e169e',
}

describe('the protocol', () => {
  it('has a new version when the wire has changed', () => {
    const constants = Object.entries(protocol)
      .filter(([, value]) => typeof value !== 'function' && !(value instanceof RegExp))
      .filter(([name]) => !name.startsWith('system'))
      .map(([name, value]) => [name, value])
      .sort()
    const rules = [aliasOf(3), variableOf(3, 'input'), String(protocol.ID_PATTERN)]
    const wire = JSON.stringify([stripIgnoredCharacters(gatewaySdl.replace(/^#.*$/gm, '')), constants, rules])
    const hash = createHash('sha256').update(wire).digest('hex')
    expect(
      KNOWN[PROTOCOL_VERSION],
      `The wire has changed (its hash is ${hash}). If old clients and gateways still understand each other, put the new hash into this test. If not, raise PROTOCOL_VERSION, add a line to its history in protocol/protocol.ts, and add the hash here.`,
    ).toBe(hash)
  })

  it('moves tasks only along its drawing', () => {
    for (const status of TASK_STATUSES) {
      expect(() => assertTaskMove(status, status)).not.toThrow()
      for (const next of TASK_STATUSES) {
        if (next === status) continue
        if (TASK_MOVES[status].includes(next)) expect(() => assertTaskMove(status, next)).not.toThrow()
        else expect(() => assertTaskMove(status, next)).toThrow(`illegal task move ${status} -> ${next}`)
      }
    }
    expect(TASK_STATUSES.filter(isSettled)).toEqual([
      'CONFIRMED',
      'CONFLICT',
      'REJECTED',
      'IN_REVIEW',
      'PARKED',
      'CANCELLED',
    ])
  })

  it('takes UUIDs and plain words as ids, and nothing that could be a path, a header or a line', () => {
    for (const id of ['0191f0a5-2c7e-7000-8000-000000000000', 'customer-1', 'a']) expect(isClientId(id)).toBe(true)
    for (const id of ['', '../x', 'a b', 'a\n', 'a:b', 'a/b', 'x'.repeat(129), 7, null, undefined])
      expect(isClientId(id)).toBe(false)
  })

  it('tells errors apart by code', () => {
    expect(errorCode({ extensions: { code: 'NOT_ATTEMPTED' } })).toBe('NOT_ATTEMPTED')
    for (const odd of [null, 'NOT_ATTEMPTED', {}, { extensions: null }, { extensions: { code: 7 } }])
      expect(errorCode(odd)).toBeUndefined()
    expect(Object.keys(ERROR_CODES).filter(isRetryableCode)).toEqual([
      'RATE_LIMITED',
      'PREDECESSOR_MISSING',
      'NOT_ATTEMPTED',
      'STORE_UNAVAILABLE',
      'INTERNAL_SERVER_ERROR',
    ])
  })

  it('names every code in its prose', () => {
    const prose = readFileSync(new URL('../protocol/README.md', import.meta.url), 'utf8')
    for (const code of [...Object.keys(ERROR_CODES), ...Object.keys(REJECTION_CODES)])
      expect(prose, code).toContain(`\`${code}\``)
  })
})

describe('the contract', () => {
  const written = readFileSync(new URL('../schema.graphql', import.meta.url), 'utf8')

  it('in schema.graphql is the one that the gateway serves', () => {
    const served = buildSchema(`${gatewaySdl}\n${vacationSdl}`)
    expect(printSchema(lexicographicSortSchema(buildSchema(written)))).toBe(
      printSchema(lexicographicSortSchema(served)),
    )
  })

  it('has only nullable mutations: a failing field must not take its neighbours answers with it', () => {
    const fields = Object.values(buildSchema(written).getMutationType()?.getFields() ?? {})
    expect(fields.map(({ type }) => String(type)).filter(type => type.endsWith('!'))).toEqual([])
    expect(fields.length).toBeGreaterThan(10)
  })
})
