/** One contract over both gateways, so that the one of `layover/testing` cannot drift from the real one. */
import { ERROR_CODES } from 'layover/protocol'
import { type GatewayResponse, seededRandom } from 'layover/testing'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { memoryNotes, type NotesGateway, realNotes } from '../simulation/gateways.ts'

// biome-ignore lint/suspicious/noExplicitAny: answers of any document
type Data = any

const TASK = `task { id name status progress updatedBy
  conflict { type id fields base mine theirs theirsVersion theirsBy }
  rejection { code field failedTask suggestions { label patch } }
  reconciliation { field from to rule } }`
const NOTE = 'note { id version updatedBy title body count done }'
const MUTATIONS = {
  create: `mutation ($task: TaskInput, $input: CreateNoteInput!) { answer: createNote(task: $task, input: $input) { ${TASK} ${NOTE} } }`,
  update: `mutation ($task: TaskInput, $id: ID!, $baseVersion: Int!, $patch: NotePatch!) {
    answer: updateNote(task: $task, id: $id, baseVersion: $baseVersion, patch: $patch) { ${TASK} ${NOTE} } }`,
  remove: `mutation ($task: TaskInput, $id: ID!, $baseVersion: Int!) {
    answer: deleteNote(task: $task, id: $id, baseVersion: $baseVersion) { ${TASK} ${NOTE} } }`,
  print: `mutation ($task: TaskInput, $id: ID!) { answer: printNote(task: $task, id: $id) { ${TASK} } }`,
  cancel: `mutation ($id: ID!) { answer: cancelTask(id: $id) { ${TASK} } }`,
  decide: `mutation ($task: TaskInput, $conflictOf: ID!, $decision: Decision!, $values: JSON, $theirsVersion: Int) {
    answer: resolveConflict(task: $task, conflictOf: $conflictOf, decision: $decision, values: $values, theirsVersion: $theirsVersion) {
      ${TASK} resolved { id status conflict { mine theirs theirsVersion } reconciliation { field from to rule } } } }`,
} as const
const CHANGES = `query ($since: Cursor, $scopes: [ScopeInput!], $first: Int! = 1000) {
  changes(since: $since, scopes: $scopes, first: $first) { cursor hasMore reset removed { type id reason }
    changed { __typename id version updatedBy ... on Note { title body count done } ... on Task { name status } } } }`

class Caller {
  readonly gateway: NotesGateway
  #made = 0

  constructor(gateway: NotesGateway) {
    this.gateway = gateway
  }

  post(user: string | null, query: string, variables: object = {}, extensions: object = {}): Promise<GatewayResponse> {
    const accept = 'application/graphql-response+json'
    const headers = { accept, ...(user === null ? {} : { authorization: `Bearer ${user}` }) }
    const tasks = [...query.matchAll(/^ *(m\d+):/gm)].map(([, alias]) => ({
      id: `${alias}`,
      field: 'printNote',
      sequence: undefined,
      client: undefined,
    }))
    return this.gateway.execute({
      operationName: undefined,
      query,
      variables: { ...variables },
      extensions: { ...extensions },
      headers,
      tasks,
    })
  }

  async ask(user: string, query: string, variables: object = {}): Promise<Data> {
    const { body } = await this.post(user, query, variables)
    const { data, errors } = body as Data
    expect(errors).toBe(undefined)
    return data
  }

  /** One task, from the installation `<user>'s phone` unless told otherwise. */
  async run(user: string, kind: keyof typeof MUTATIONS, { task = {}, ...variables }: Data): Promise<Data> {
    this.#made += 1
    const identity = { id: `${kind}-${this.#made}`, client: `${user}-phone`, ...task }
    return (await this.ask(user, MUTATIONS[kind], { ...variables, task: identity })).answer
  }

  async pull(user: string, variables: object = {}): Promise<Data> {
    return (await this.ask(user, CHANGES, variables)).changes
  }
}

const code = ({ body }: GatewayResponse): unknown => (body as Data).errors?.[0]?.extensions?.code
const rejection = (answer: Data): unknown => [
  answer.task.status,
  answer.task.rejection?.code,
  answer.task.rejection?.field,
]

describe.each([
  ['of layover/testing', async () => memoryNotes()],
  ['of layover/server', realNotes],
] as const)('the gateway %s', (_name, start) => {
  let call: Caller
  let notes = 0
  const newNote = async (user = 'ann', fields: object = {}): Promise<string> => {
    notes += 1
    const id = `note-${notes}`
    const made = await call.run(user, 'create', { input: { id, title: 'first', body: 'b', count: 1, ...fields } })
    expect(made.task.status).toBe('CONFIRMED')
    return id
  }
  const edit = (user: string, id: string, baseVersion: number, patch: object, task: object = {}): Promise<Data> =>
    call.run(user, 'update', { id, baseVersion, patch, task })

  beforeAll(async () => {
    call = new Caller(await start())
  })
  afterAll(() => call.gateway.stop())

  it('tells strangers to sign in', async () => {
    const answer = await call.post(null, '{ task(id: "a") { id } }')
    expect([answer.status, code(answer)]).toEqual([401, ERROR_CODES.UNAUTHENTICATED])
  })

  it('refuses documents and variables that do not fit', async () => {
    const unknown = await call.post('ann', '{ nothing }')
    expect([unknown.status, code(unknown)]).toEqual([400, 'GRAPHQL_VALIDATION_FAILED'])
    const wrong = await call.post('ann', MUTATIONS.create, { input: { id: 'x' } })
    expect([wrong.status, code(wrong)]).toEqual([400, ERROR_CODES.BAD_USER_INPUT])
    expect(code(await call.post('ann', MUTATIONS.print, { task: { id: 'not an id!' }, id: 'x' }))).toBe(
      ERROR_CODES.BAD_USER_INPUT,
    )
  })

  it('carries out a task once, and answers its id with its first outcome', async () => {
    const task = { id: 'once' }
    const first = await call.run('ann', 'create', { task, input: { id: 'o', title: 't' } })
    expect(first).toMatchObject({
      task: { status: 'CONFIRMED', progress: 1 },
      note: { version: 1, title: 't', body: null, updatedBy: 'ann' },
    })
    await edit('ben', 'o', 1, { title: 'later' })
    const again = await call.run('ann', 'create', { task, input: { title: 't', id: 'o' } })
    expect(again).toMatchObject({ task: { status: 'CONFIRMED' }, note: { version: 2, title: 'later' } })
    expect(rejection(await call.run('ann', 'create', { task, input: { id: 'o', title: 'other' } }))).toEqual([
      'REJECTED',
      'ID_REUSED',
      'task.id',
    ])
    expect((await call.run('ben', 'create', { task, input: { id: 'o2', title: 'of ben' } })).task.status).toBe(
      'CONFIRMED',
    )
  })

  it('says why it rejects, and what would do', async () => {
    const refused = await call.run('ann', 'create', { input: { id: 'f', title: 'forbidden' } })
    expect(refused.task).toMatchObject({
      status: 'REJECTED',
      rejection: {
        code: 'BAD_TITLE',
        field: 'input.title',
        suggestions: [{ label: 'allowed', patch: { title: 'allowed' } }],
      },
    })
    const id = await newNote()
    expect(rejection(await call.run('ann', 'create', { input: { id, title: 't' } }))).toEqual([
      'REJECTED',
      'ALREADY_EXISTS',
      'id',
    ])
    expect(rejection(await edit('ann', 'nowhere', 1, { title: 't' }))).toEqual(['REJECTED', 'NOT_FOUND', 'id'])
    expect(rejection(await edit('ann', id, 7, { title: 't' }))).toEqual(['REJECTED', 'INVALID_INPUT', 'baseVersion'])
  })

  it('lets a task wait for what it builds on, and rejects it when that failed', async () => {
    const lost = await call.run('ann', 'create', { task: { after: ['never'] }, input: { id: 'd', title: 't' } })
    expect(lost.task.rejection).toMatchObject({ code: 'DEPENDENCY_FAILED', failedTask: 'never', field: 'task.after' })
    const slow = await call.run('ann', 'print', { task: { id: 'slow-1' }, id: 'd' })
    expect(['ACCEPTED', 'RUNNING']).toContain(slow.task.status)
    const waiting = await call.run('ann', 'create', {
      task: { id: 'waits-1', after: ['slow-1'] },
      input: { id: 'd', title: 'waited' },
    })
    expect([waiting.task.status, waiting.note]).toEqual(['ACCEPTED', null])
    await call.gateway.finish('slow-1')
    await vi.waitFor(async () => {
      const { tasks } = await call.ask('ann', '{ tasks(ids: ["slow-1", "waits-1"]) { nodes { id status } hasMore } }')
      expect(tasks).toEqual({
        nodes: [
          { id: 'slow-1', status: 'CONFIRMED' },
          { id: 'waits-1', status: 'CONFIRMED' },
        ],
        hasMore: false,
      })
    })
  })

  it('merges what two people changed, field by field', async () => {
    const id = await newNote()
    await edit('ben', id, 1, { body: 'of ben', count: 0 })
    const merged = await edit('ann', id, 1, { title: 'of ann' })
    expect(merged.note).toMatchObject({ version: 3, title: 'of ann', body: 'of ben', count: 0 })
    expect(merged.task.reconciliation).toEqual([
      { field: 'body', from: 'b', to: 'of ben', rule: 'MERGE' },
      { field: 'count', from: 1, to: 0, rule: 'MERGE' },
    ])
    const agreed = await edit('ann', id, 2, { title: 'of ann' })
    expect([agreed.task.status, agreed.note.version]).toEqual(['CONFIRMED', 4])
  })

  it.each([false, 0, '', null])('makes a conflict of a field that both changed, also to %j', async value => {
    const field = typeof value === 'boolean' ? 'done' : typeof value === 'number' ? 'count' : 'body'
    const theirs = { done: true, count: 5, body: 'of ben' }[field]
    const id = await newNote()
    await edit('ben', id, 1, { [field]: theirs, title: 'of ben' })
    const clash = await edit('ann', id, 1, { [field]: value })
    const before = { done: null, count: 1, body: 'b' }[field]
    expect(clash.task).toMatchObject({
      status: 'CONFLICT',
      conflict: {
        type: 'Note',
        id,
        fields: [field],
        base: { [field]: before },
        mine: { [field]: value },
        theirs: { [field]: theirs },
        theirsVersion: 2,
        theirsBy: 'ben',
      },
    })
    expect(clash.note).toMatchObject({ version: 2, [field]: theirs })
  })

  it('makes no conflict of what one installation did to its own edit', async () => {
    const id = await newNote()
    await edit('ann', id, 1, { title: 'second' })
    expect((await edit('ann', id, 1, { title: 'third' })).note).toMatchObject({ version: 3, title: 'third' })
    expect((await edit('ann', id, 1, { title: 'fourth' }, { client: 'ann-laptop' })).task.status).toBe('CONFLICT')
  })

  it('takes version 0 for what this installation made', async () => {
    const id = await newNote()
    expect((await edit('ann', id, 0, { title: 'own' })).note.title).toBe('own')
    expect(rejection(await edit('ben', id, 0, { title: 'not own' }))).toEqual([
      'REJECTED',
      'INVALID_INPUT',
      'baseVersion',
    ])
  })

  it('knows deletions: of what was edited, edits of what was deleted, and both deleted', async () => {
    const id = await newNote()
    await edit('ben', id, 1, { body: 'of ben' })
    const clash = await call.run('ann', 'remove', { id, baseVersion: 1 })
    expect(clash.task.conflict).toMatchObject({
      fields: ['body'],
      mine: { deleted: true },
      theirs: { body: 'of ben' },
      theirsVersion: 2,
    })
    expect((await call.run('ben', 'remove', { id, baseVersion: 2 })).task.status).toBe('CONFIRMED')
    expect((await call.run('ben', 'remove', { id, baseVersion: 2 })).task.status).toBe('CONFIRMED')
    const late = await edit('ann', id, 2, { body: 'late' })
    expect(late.task.conflict).toMatchObject({
      fields: ['body'],
      base: { body: 'of ben' },
      mine: { body: 'late' },
      theirs: null,
      theirsVersion: 3,
    })
    const kept = await call.run('ann', 'decide', { conflictOf: late.task.id, decision: 'KEEP_MINE', theirsVersion: 3 })
    expect([kept.task.status, kept.resolved.status]).toEqual(['CONFIRMED', 'CONFIRMED'])
    expect((await edit('ann', id, 4, { count: 9 })).note).toMatchObject({
      version: 5,
      title: 'first',
      body: 'late',
      count: 9,
    })
  })

  it('settles a conflict by a decision, and shows it again when the record moved on', async () => {
    const clash = async (): Promise<{ id: string; task: string }> => {
      const id = await newNote()
      await edit('ben', id, 1, { body: 'of ben' })
      return { id, task: (await edit('ann', id, 1, { body: 'of ann', count: 2 })).task.id }
    }
    const mine = await clash()
    const kept = await call.run('ann', 'decide', { conflictOf: mine.task, decision: 'KEEP_MINE', theirsVersion: 2 })
    expect(kept.resolved).toMatchObject({
      status: 'CONFIRMED',
      conflict: null,
      reconciliation: [
        { field: 'body', from: 'of ben', to: 'of ann', rule: 'KEEP_MINE' },
        { field: 'count', from: 1, to: 2, rule: 'KEEP_MINE' },
      ],
    })
    const theirs = await clash()
    const taken = await call.run('ann', 'decide', {
      conflictOf: theirs.task,
      decision: 'TAKE_THEIRS',
      theirsVersion: 2,
    })
    expect(taken.resolved.status).toBe('CANCELLED')
    expect(rejection(await call.run('ann', 'decide', { conflictOf: theirs.task, decision: 'KEEP_MINE' }))).toEqual([
      'REJECTED',
      'NOT_IN_CONFLICT',
      'conflictOf',
    ])
    const both = await clash()
    await edit('ben', both.id, 2, { body: 'again' })
    const late = await call.run('ann', 'decide', { conflictOf: both.task, decision: 'KEEP_MINE', theirsVersion: 2 })
    expect(late.task.rejection).toMatchObject({ code: 'CONFLICT_CHANGED', failedTask: both.task })
    const merged = await call.run('ann', 'decide', {
      conflictOf: both.task,
      decision: 'MERGE',
      values: { body: 'both' },
      theirsVersion: 3,
    })
    expect(merged.task.status).toBe('CONFIRMED')
    expect((await edit('ann', both.id, 4, { done: true })).note).toMatchObject({ version: 5, body: 'both', count: 2 })
    expect(rejection(await call.run('ben', 'decide', { conflictOf: both.task, decision: 'KEEP_MINE' }))).toEqual([
      'REJECTED',
      'NOT_FOUND',
      'conflictOf',
    ])
    const handed = await clash()
    expect((await call.run('ann', 'decide', { conflictOf: handed.task, decision: 'ESCALATE' })).resolved.status).toBe(
      'IN_REVIEW',
    )
  })

  it('withdraws what never came, for good', async () => {
    expect((await call.ask('ann', MUTATIONS.cancel, { id: 'withdrawn' })).answer.task.status).toBe('CANCELLED')
    const late = await call.run('ann', 'create', { task: { id: 'withdrawn' }, input: { id: 'w', title: 't' } })
    expect([late.task.status, late.note]).toEqual(['CANCELLED', null])
  })

  it('sends what changed, in pages as in one, with what is gone, and nobody else’s tasks', async () => {
    const start = await call.pull('cid')
    expect(start).toMatchObject({ hasMore: false, reset: false, removed: [] })
    const ids = [await newNote('ben'), await newNote('ben'), await newNote('ben')]
    await edit('ben', ids[0]!, 1, { title: 'newest' })
    await call.run('ben', 'remove', { id: ids[1], baseVersion: 1 })
    const whole = await call.pull('cid', { since: start.cursor })
    expect(whole.changed.map(({ id, version }: Data) => [id, version])).toEqual([
      [ids[2], 1],
      [ids[0], 2],
    ])
    expect([whole.reset, whole.hasMore]).toEqual([false, false])
    const paged: Data[] = []
    for (let page = { cursor: start.cursor, hasMore: true } as Data; page.hasMore; paged.push(...page.changed)) {
      page = await call.pull('cid', { since: page.cursor, first: 1 })
    }
    expect(paged).toEqual(whole.changed)
    const later = await call.pull('cid', { since: whole.cursor })
    expect(later).toMatchObject({ changed: [], removed: [], hasMore: false, reset: false })
    await call.run('ben', 'remove', { id: ids[2], baseVersion: 1 })
    expect((await call.pull('cid', { since: whole.cursor })).removed).toEqual([
      { type: 'Note', id: ids[2], reason: 'DELETED' },
    ])
  })

  it('holds a pull to its scopes, and starts anew with a cursor that is not of them', async () => {
    const scopes = [{ type: 'Note', where: { title: { in: ['scoped'] }, count: { gte: 3 } } }]
    const inside = await newNote('ben', { title: 'scoped', count: 3 })
    await newNote('ben', { title: 'scoped', count: 2 })
    const page = await call.pull('cid', { scopes })
    expect(page.changed.map(({ id }: Data) => id)).toEqual([inside])
    await edit('ben', inside, 1, { count: 1 })
    expect(await call.pull('cid', { scopes, since: page.cursor })).toMatchObject({
      changed: [],
      removed: [{ id: inside, reason: 'OUT_OF_SCOPE' }],
    })
    expect((await call.pull('cid', { since: page.cursor })).reset).toBe(true)
    expect((await call.pull('dan', { scopes, since: page.cursor })).reset).toBe(true)
    expect((await call.pull('cid', { since: 'nonsense' })).reset).toBe(true)
    expect(code(await call.post('cid', CHANGES, { scopes: [{ type: 'Nothing' }] }))).toBe(ERROR_CODES.BAD_USER_INPUT)
    expect(code(await call.post('cid', CHANGES, { first: 0 }))).toBe(ERROR_CODES.BAD_USER_INPUT)
  })

  it('runs a document after the one that it follows, or not at all', async () => {
    const missing = await call.post(
      'ann',
      MUTATIONS.create,
      { task: { id: 'follower' }, input: { id: 'x', title: 't' } },
      { layover: { follows: 'leader' } },
    )
    expect([missing.status, code(missing)]).toEqual([425, ERROR_CODES.PREDECESSOR_MISSING])
    const [later] = await Promise.all([
      call.post(
        'ann',
        MUTATIONS.create,
        { task: { id: 'follower' }, input: { id: 'x', title: 't' } },
        { layover: { follows: 'leader' } },
      ),
      call.run('ann', 'create', { task: { id: 'leader' }, input: { id: 'y', title: 't' } }),
    ])
    expect([later.status, (later.body as Data).data.answer.task.status]).toEqual([200, 'CONFIRMED'])
  })

  it('says whose token came, and takes nothing from the device of another', async () => {
    const input = { id: 'z', title: 't' }
    const asked = await call.post('ann', MUTATIONS.create, { input }, { layover: { follows: null, viewer: null } })
    const { extensions } = asked.body as { extensions: { layover: { follows: null; viewer: string } } }
    expect(extensions.layover.follows).toBeNull()
    const { viewer } = extensions.layover
    const foreign = await call.post('ben', MUTATIONS.create, { input: { ...input, id: 'f' } }, { layover: { viewer } })
    expect(code(foreign)).toBe(ERROR_CODES.UNAUTHENTICATED)
    const own = await call.post('ann', MUTATIONS.create, { input: { ...input, id: 'f' } }, { layover: { viewer } })
    expect((own.body as Data).data.answer.task.status).toBe('CONFIRMED')
  })

  it('takes a hundred tasks a document, and no more', async () => {
    const document = (count: number): string =>
      `mutation {\n${Array.from({ length: count }, (_each, index) => `m${index}: printNote(id: "p") { task { id } }`).join('\n')}\n}`
    const refused = await call.post('ann', document(101))
    expect(code(refused)).toBe(ERROR_CODES.TOO_MANY_TASKS)
  })

  it('pokes those who listen', async () => {
    let pokes = 0
    const stop = call.gateway.subscribe!({ authorization: 'Bearer cid' }, () => {
      pokes += 1
    })
    await new Promise(setImmediate)
    await newNote('ben')
    await vi.waitFor(() => expect(pokes).toBeGreaterThan(0))
    stop()
  })
})

it('both gateways answer the same to the same random calls', async () => {
  const both = [new Caller(memoryNotes()), new Caller(await realNotes())]
  const random = seededRandom(7)
  const users = ['ann', 'ben']
  const versions = new Map<string, number>()
  const conflicts: { user: string; id: string; version: number }[] = []
  const cursors = new Map<string, (string | null)[]>(users.map(user => [user, [null, null]]))
  try {
    for (let step = 0; step < 250; step += 1) {
      const user = random.pick(users)!
      const id = random.pick([...versions.keys()]) ?? 'n0'
      const current = versions.get(id) ?? 1
      const task = {
        id: `t${random.fraction() < 0.05 ? random.between(0, step + 1) : step}`,
        client: `${user}-${random.between(0, 2)}`,
      }
      const baseVersion = Math.max(0, current - random.between(0, 4))
      const patch = random.pick([
        { body: random.pick(['x', '', null]) },
        { count: random.between(0, 2) },
        { title: 't', done: false },
        { done: true, body: 'y' },
      ])
      const chance = random.fraction()
      const conflict = random.pick(conflicts)
      if (chance < 0.15) {
        const cursor = cursors.get(user)!
        const pages = await Promise.all(
          both.map((each, index) => each.pull(user, { since: cursor[index], first: random.fraction() < 0 ? 1 : 3 })),
        )
        cursors.set(
          user,
          pages.map(({ cursor: next }) => next),
        )
        const [left, right] = pages.map(({ cursor: _, ...page }) => page)
        expect(left, `step ${step}`).toEqual(right)
        continue
      }
      const [kind, variables]: [keyof typeof MUTATIONS, object] =
        chance < 0.3
          ? ['create', { task, input: { id: `n${random.between(0, step + 1)}`, title: 'made' } }]
          : chance < 0.7
            ? ['update', { task, id, baseVersion, patch }]
            : chance < 0.8 || !conflict
              ? ['remove', { task, id, baseVersion }]
              : [
                  'decide',
                  {
                    task,
                    conflictOf: conflict.id,
                    decision: random.pick(['KEEP_MINE', 'TAKE_THEIRS', 'MERGE']),
                    values: {},
                    theirsVersion: conflict.version,
                  },
                ]
      const answers = await Promise.all(
        both.map(async each => (await each.post(user, MUTATIONS[kind], variables)).body as Data),
      )
      expect(answers[0], `step ${step}: ${kind} ${JSON.stringify(variables)}`).toEqual(answers[1])
      const { task: told, note } = answers[0].data.answer
      if (note) versions.set(note.id, note.version)
      if (told.conflict) conflicts.push({ user, id: told.id, version: told.conflict.theirsVersion })
    }
  } finally {
    for (const { gateway } of both) await gateway.stop()
  }
})
