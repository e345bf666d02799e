/** The rules of collections are the application's code: one that throws for one viewer keeps nobody else waiting. */
import { parse, subscribe } from 'graphql'
import { expect, it } from 'vitest'
import { confirmed, defineCollection, defineTask } from '../../server/index.ts'
import { startSmallGateway } from '../support/small-gateway.ts'

const note = defineTask<{ id: string }>('note', {
  touches: ({ id }) => [{ type: 'Note', id }],
  async run({ id }, transaction) {
    await transaction.create('Note', id, { text: 'x' })
    return confirmed({})
  },
})

it('a reading rule that throws for a subscriber stops neither the store nor the pokes of the others', async () => {
  const logged: string[] = []
  const small = await startSmallGateway([note], {
    taskWaitMs: 2000,
    collections: [
      defineCollection('Note', {
        mayRead({ user }) {
          if (user === 'stranger') throw new Error('no such role')
          return 'all'
        },
      }),
    ],
    log: { info: () => undefined, warn: () => undefined, error: (_fields, message) => void logged.push(message) },
  })
  try {
    const listen = async (user: string): Promise<AsyncIterableIterator<unknown>> =>
      (await subscribe({
        schema: small.gateway.schema,
        document: parse('subscription { changesAvailable { at } }'),
        contextValue: await small.gateway.context({ user }),
      })) as AsyncIterableIterator<unknown>
    const [stranger, friend] = [await listen('stranger'), await listen('friend')]
    void stranger.next()
    for (const id of ['first', 'second']) {
      const poke = friend.next()
      const data = await small.ask(`mutation { note(task: {id: "${id}"}, id: "${id}") { task { status } } }`)
      expect(data.note.task.status).toBe('CONFIRMED')
      expect(await poke).toMatchObject({ done: false })
    }
    expect(logged).toContain('a rule failed, so a subscriber was not told of a commit')
  } finally {
    await small.close()
  }
})
