/** The gateway speaks GraphQL over HTTP: every audit of the package graphql-http is a test of its own. */
import { serverAudits } from 'graphql-http'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { agent, startWorld, tokenFor, type World } from '../support/world.ts'

let world: World
let authorization: string

beforeAll(async () => {
  world = await startWorld()
  authorization = `Bearer ${await tokenFor(agent('agent-a'))}`
})
afterAll(() => world.close())

/** Signed in, and with the header that tells a GET from one that a foreign page could cause. */
const signedIn: typeof fetch = (address, init) => {
  const headers = new Headers(init?.headers)
  headers.set('authorization', authorization)
  headers.set('apollo-require-preflight', 'true')
  return fetch(address, { ...init, headers })
}

const audits = serverAudits({ url: () => `${world.url}/graphql`, fetchFn: signedIn })

describe('GraphQL over HTTP', () => {
  it.each(audits.map(audit => [audit.id, audit.name, audit] as const))('%s %s', async (_id, _name, audit) => {
    const result = await audit.fn()
    expect(result, 'reason' in result ? result.reason : '').toMatchObject({ status: 'ok' })
  })

  it('has been asked about everything that the package audits', () => {
    expect(audits).toHaveLength(61)
  })
})
