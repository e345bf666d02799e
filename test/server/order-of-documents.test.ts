/** Several documents of one installation under way: each names the task that must have been taken before it. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Answer, agent, startWorld, tokenFor, uuid, type World } from '../support/world.ts'

let world: World
const me = agent('agent-a')

beforeAll(async () => {
  world = await startWorld({ environment: { TASK_WAIT_MS: '700' } })
})
afterAll(() => world.close())

const CREATE = `mutation ($task: TaskInput, $input: CreateCustomerInput!) {
  createCustomer(task: $task, input: $input) { task { id status } }
}`

async function send(id: string, follows: unknown, viewer = me): Promise<Answer> {
  const response = await fetch(`${world.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${await tokenFor(viewer)}` },
    body: JSON.stringify({
      query: CREATE,
      variables: { task: { id }, input: { id: uuid(), name: 'Harbour Rowing Club' } },
      ...(follows === undefined ? {} : { extensions: { layover: { follows } } }),
    }),
  })
  const text = await response.text()
  return { status: response.status, data: null, errors: [], text, ...JSON.parse(text) }
}
const taken = async (id: string): Promise<boolean> =>
  (await world.ask(me, `{ task(id: "${id}") { id } }`)).data.task !== null

it('a document that arrives before its predecessor waits for it', async () => {
  const [first, second, third] = [uuid(), uuid(), uuid()]
  const late = [send(third, second), send(second, first)]
  await send(first, undefined)
  for (const { data } of await Promise.all(late)) expect(data.createCustomer.task.status).toBe('CONFIRMED')
  const { data } = await world.ask(me, `{ tasks(ids: ["${third}", "${second}", "${first}"]) { nodes { id } } }`)
  expect(data.tasks.nodes).toEqual([{ id: first }, { id: second }, { id: third }])
})

it('one whose predecessor does not come is refused as a whole, to be sent again', async () => {
  const id = uuid()
  const { status, errors } = await send(id, uuid())
  expect([status, errors[0]?.extensions?.['code']]).toEqual([425, 'PREDECESSOR_MISSING'])
  expect(await taken(id)).toBe(false)
})

it('a predecessor is a task of the same user: the id of another does not count', async () => {
  const [theirs, mine] = [uuid(), uuid()]
  await send(theirs, undefined, agent('agent-b'))
  expect((await send(mine, theirs)).errors[0]?.extensions?.['code']).toBe('PREDECESSOR_MISSING')
  expect(await taken(mine)).toBe(false)
})

it('a predecessor that was rejected was taken all the same', async () => {
  const [first, second] = [uuid(), uuid()]
  const { data } = await world.ask(me, CREATE, { task: { id: first }, input: { id: 'no id!', name: 'x' } })
  expect(data.createCustomer.task.status).toBe('REJECTED')
  expect((await send(second, first)).data.createCustomer.task.status).toBe('CONFIRMED')
})

it('what is no task id is refused with the name of the field', async () => {
  for (const wrong of [7, '', { id: 'x' }, 'a b']) {
    const { errors } = await send(uuid(), wrong)
    expect(errors[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', field: 'extensions.layover.follows' })
  }
})

it('an answer repeats what the request follows, and says nothing of it to a request that did not say', async () => {
  const [first, second, third] = [uuid(), uuid(), uuid()]
  const heardBy = async (id: string, follows?: unknown): Promise<unknown> =>
    JSON.parse((await send(id, follows)).text).extensions
  expect(await heardBy(first, null)).toEqual({ layover: { follows: null } })
  expect(await heardBy(second, first)).toEqual({ layover: { follows: first } })
  expect(await heardBy(third)).toBeUndefined()
  const early = JSON.parse((await send(uuid(), uuid())).text)
  expect(Object.keys(early)).toContain('extensions')
})
