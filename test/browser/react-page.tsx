/** The page of react.test.ts: each experiment runs in the browser and gives what was seen. */
import { HttpLink, InMemoryCache, type TypedDocumentNode } from '@apollo/client'
import { useMutation, useQuery } from '@apollo/client/react'
import { parse } from 'graphql'
import {
  createOfflineClient,
  memoryStorage,
  type OfflineClient,
  type OfflineClientOptions,
  syncedList,
  task,
} from 'layover/client'
import {
  OfflineProvider,
  useConflicts,
  useConnection,
  useEntriesAbout,
  useFreshness,
  useOutbox,
  useSyncStatus,
  useTask,
  useTaskMutation,
} from 'layover/react'
import { Component, memo, type ReactNode, StrictMode, startTransition, useLayoutEffect, useState } from 'react'
import { createRoot, hydrateRoot } from 'react-dom/client'
import { renderToString } from 'react-dom/server.browser'

interface NoteData {
  __typename?: 'Note'
  id: string
  title: string
}
interface Payload {
  note: NoteData | null
}
type Create = { createNote: Payload | null }

const typed = <TData, TVariables>(text: string) => parse(text) as TypedDocumentNode<TData, TVariables>
const NOTE = 'fragment NoteParts on Note { id version updatedAt updatedBy title }'
const CREATE = typed<Create, { input: { id: string; title: string } }>(
  `mutation CreateNote($task: TaskInput, $input: CreateNoteInput!) {
    createNote(task: $task, input: $input) { task { id status } note { ...NoteParts } }
  } ${NOTE}`,
)
const UPDATE = typed<
  { updateNote: Payload | null },
  { id: string; baseVersion: number; patch: { title?: string; body?: string } }
>(
  `mutation UpdateNote($task: TaskInput, $id: ID!, $baseVersion: Int!, $patch: NotePatch!) {
    updateNote(task: $task, id: $id, baseVersion: $baseVersion, patch: $patch) { task { id status } note { ...NoteParts } }
  } ${NOTE}`,
)
const NOTES = typed<{ notes: NoteData[] }, object>(`query Notes { notes { ...NoteParts } } ${NOTE}`)
const FIRST_NOTE = typed<{ note: NoteData | null }, object>('query FirstNote { note(id: "first") { id } }')
const CHANGES = typed<unknown, unknown>(
  `query Changes($since: Cursor, $scopes: [ScopeInput!], $first: Int!) {
    changes(since: $since, scopes: $scopes, first: $first) {
      cursor hasMore reset removed { type id reason } changed { id version ... on Note { ...NoteParts } ... on Task { status } }
    }
  } ${NOTE}`,
)

let opened = 0

async function open(options: Partial<OfflineClientOptions> = {}): Promise<OfflineClient> {
  opened += 1
  const client = await createOfflineClient({
    cache: new InMemoryCache({
      possibleTypes: { Entity: ['Note', 'Task'], TaskPayload: ['NotePayload'] },
      typePolicies: { Query: { fields: { notes: syncedList('Note') } } },
    }),
    link: new HttpLink({ uri: '/graphql' }),
    user: `user-${opened}`,
    storage: memoryStorage(),
    tasks: [
      task(CREATE, {
        optimistic: ({ input }) => ({
          createNote: { __typename: 'NotePayload', note: { __typename: 'Note' as const, ...input } },
        }),
      }),
      task(UPDATE, {
        optimistic: ({ id, patch: { title } }) => ({
          updateNote: { note: { __typename: 'Note' as const, id, ...(title ? { title } : {}) } },
        }),
      }),
    ],
    answerWithinMs: 5000,
    ...options,
  })
  client.connection.setMode('offline')
  return client
}

const update = (client: OfflineClient, id: string) =>
  client.mutate({ mutation: UPDATE, variables: { id, baseVersion: 1, patch: { title: `new ${id}` } } })

const create = (client: OfflineClient, id: string) =>
  client.mutate({ mutation: CREATE, variables: { input: { id, title: id } } })

/** The client with an outbox of so many changes, of a note each: n0, n1, … */
async function openWithQueue(length: number, options: Partial<OfflineClientOptions>): Promise<OfflineClient> {
  const template = await open()
  await update(template, 'n0')
  const exported = JSON.parse(await template.outbox.export()) as { entries: { id: string; text: string }[] }
  const entry = JSON.parse(exported.entries[0]!.text) as { variables: object }
  await template.close()
  const entries = Array.from({ length }, (_, index) => {
    const id = `00000000-0000-7000-8000-${String(index).padStart(12, '0')}`
    const variables = { ...entry.variables, id: `n${index}` }
    return { id, text: JSON.stringify({ ...entry, id, sequence: index + 1, variables }) }
  })
  const client = await open(options)
  await client.outbox.import(JSON.stringify({ ...exported, entries }))
  return client
}

const frame = (): Promise<void> => new Promise(resolve => requestAnimationFrame(() => resolve()))
const frames = async (count: number): Promise<void> => {
  for (let each = 0; each < count; each += 1) await frame()
}

async function until(what: string, isSo: () => boolean): Promise<void> {
  const deadline = performance.now() + 10_000
  while (!isSo()) {
    if (performance.now() > deadline) throw new Error(`never came: ${what}`)
    await frame()
  }
}

/** Shown until the experiment is over. */
function show(children: ReactNode): { element: HTMLElement; unmount(): void } {
  const element = document.body.appendChild(document.createElement('div'))
  const root = createRoot(element)
  root.render(children)
  return {
    element,
    unmount() {
      root.unmount()
      element.remove()
    },
  }
}

/** How often each was rendered. */
class Renders {
  readonly #counts = new Map<string, number>()

  count(name: string): void {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1)
  }

  get total(): number {
    return [...this.#counts.values()].reduce((sum, count) => sum + count, 0)
  }

  /** Since this was last asked. */
  take(): Record<string, number> {
    const counts = Object.fromEntries(this.#counts)
    this.#counts.clear()
    return counts
  }
}

/** 5,000 changes wait, 200 of their records are on the screen. */
async function oneRow() {
  const client = await openWithQueue(5000, { tasksPerDocument: 1 })
  const renders = new Renders()
  const Row = memo(({ id }: { id: string }) => {
    const { status } = useSyncStatus({ __typename: 'Note', id })
    renders.count(id)
    return <li id={`row-${id}`}>{status}</li>
  })
  const text = (id: string): string | undefined => document.getElementById(`row-${id}`)?.textContent ?? undefined
  const ids = Array.from({ length: 200 }, (_, index) => `n${index}`)
  const page = show(
    <OfflineProvider client={client}>
      {ids.map(id => (
        <Row key={id} id={id} />
      ))}
    </OfflineProvider>,
  )
  await until('200 rows', () => renders.total >= 200)
  await frames(2)
  const mounted = renders.take()
  const waiting = text('n7')

  const startedAt = performance.now()
  await client.outbox.cancel(client.outbox.entries[7]!.id)
  await frames(2)
  const cancelMs = performance.now() - startedAt
  const cancelled = { renders: renders.take(), text: text('n7') }

  client.outbox.pause()
  client.outbox.resume()
  await update(client, 'elsewhere')
  await frames(2)
  const elsewhere = renders.take()

  client.connection.setMode('auto')
  await until(
    'the first row to be settled and the second to be sent',
    () => text('n0') === 'synced' && text('n1') === 'sending',
  )
  await frames(2)
  const settled = { renders: renders.take(), text: text('n0'), sending: ids.filter(id => text(id) === 'sending') }
  page.unmount()
  await client.close()
  return { mounted: Object.values(mounted), waiting, cancelled, elsewhere, settled, cancelMs }
}

/** Subscriptions that are open on the client's rooms. */
function countSubscriptions(client: OfflineClient): () => number {
  let open = 0
  const counted =
    (subscribe: (listener: () => void) => () => void) =>
    (listener: () => void): (() => void) => {
      open += 1
      const stop = subscribe(listener)
      let stopped = false
      return () => {
        if (!stopped) open -= 1
        stopped = true
        stop()
      }
    }
  const { outbox } = client
  for (const room of [outbox, client.connection, client.conflicts, client.sync]) {
    room.subscribe = counted(room.subscribe.bind(room))
  }
  outbox.onStoring = counted(outbox.onStoring.bind(outbox))
  return () => open
}

function Everything(): ReactNode {
  const { waiting } = useOutbox()
  const first = useOutbox(({ entries }) => entries[0]?.id)
  const { task } = useTaskMutation(CREATE)[1]
  const texts = [
    waiting,
    useTask(first).status,
    useConflicts().list.length,
    useConnection().mode,
    useConnection().state,
    useFreshness().state,
    useFreshness('Note').state,
    useSyncStatus({ __typename: 'Note', id: 'first' }).status,
    useSyncStatus({ __ref: 'Note:first' }).status,
    useSyncStatus({ __typename: 'Other', id: 'first' }).status,
    useSyncStatus(undefined).status,
    useEntriesAbout({ id: 'first' }).length,
    task.status,
  ]
  return <p>{texts.join(' ')}</p>
}

async function strictMode() {
  const client = await open()
  await create(client, 'first')
  const subscriptions = countSubscriptions(client)
  const tree = (
    <StrictMode>
      <OfflineProvider client={client}>
        <Everything />
        <Everything />
      </OfflineProvider>
    </StrictMode>
  )
  const counts: number[] = []
  const texts: string[] = []
  for (let round = 0; round < 2; round += 1) {
    const page = show(tree)
    await until('the page', () => page.element.querySelectorAll('p').length === 2)
    await frames(2)
    counts.push(subscriptions())
    texts.push(page.element.querySelector('p')?.textContent ?? '')
    page.unmount()
    await frames(2)
    counts.push(subscriptions())
  }
  await client.close()
  return { counts, texts }
}

/** A slow rendering in a transition, and a change of the outbox in its middle. */
async function tearing() {
  const client = await open()
  const commits: string[][] = []
  const element = document.body.appendChild(document.createElement('div'))
  let rendered = 0
  function Slow(): ReactNode {
    const { status } = useSyncStatus({ __typename: 'Note', id: 'shared' })
    const waiting = useOutbox(outbox => outbox.waiting)
    rendered += 1
    const end = performance.now() + 5
    while (performance.now() < end);
    return (
      <i>
        {status} {waiting}
      </i>
    )
  }
  let begin: () => void = () => undefined
  function Page(): ReactNode {
    const [shown, setShown] = useState(false)
    begin = () => startTransition(() => setShown(true))
    useLayoutEffect(() => {
      commits.push([...element.querySelectorAll('i')].map(each => each.textContent ?? ''))
    })
    return shown && Array.from({ length: 40 }, (_, index) => <Slow key={String(index)} />)
  }
  const root = createRoot(element)
  root.render(
    <OfflineProvider client={client}>
      <Page />
    </OfflineProvider>,
  )
  await until('the first commit', () => commits.length > 0)
  begin()
  while (rendered < 5) await new Promise(resolve => setTimeout(resolve))
  const renderedBefore = rendered
  await create(client, 'shared')
  await until('the rows', () => element.querySelectorAll('i').length === 40)
  await until('the change', () => element.textContent?.includes('queued 1') ?? false)
  const values = commits.map(texts => [...new Set(texts)])
  root.unmount()
  element.remove()
  await client.close()
  return { renderedBefore, values }
}

/** Plain Apollo hooks, with a mutation that is a task. */
async function dropIn() {
  const client = await open({ sync: { document: CHANGES } })
  client.connection.setMode('auto')
  await client.sync.pull()
  client.connection.setMode('offline')
  const seen: string[] = []
  let mutate: (id: string, options?: object) => Promise<{ data?: Create; error?: Error; extensions?: object }> = () =>
    Promise.reject()
  function Notes(): ReactNode {
    const { data } = useQuery(NOTES)
    const [run] = useMutation(CREATE)
    mutate = (id, options) => run({ variables: { input: { id, title: `title of ${id}` } }, ...options }) as never
    const text = data?.notes.flatMap(({ title }) => (title.startsWith('title') ? title : [])).join() ?? '-'
    useLayoutEffect(() => void seen.push(text), [text])
    return <p>{text}</p>
  }
  const page = show(
    <OfflineProvider client={client}>
      <Notes />
    </OfflineProvider>,
  )
  await until('the list', () => seen.at(-1) === '')
  const answer = await mutate('first', { refetchQueries: [{ query: FIRST_NOTE }] })
  await until('the tentative row', () => page.element.textContent === 'title of first')
  const { layover } = answer.extensions as { layover: { id: string; status: string } }
  const offline = {
    status: layover.status,
    title: answer.data?.createNote?.note?.title,
    refetched: client.readQuery({ query: FIRST_NOTE }),
  }
  client.connection.setMode('auto')
  const outcome = await client.outbox.settled(layover.id)
  await until('the query that was to be fetched again', () => client.readQuery({ query: FIRST_NOTE }) !== null)
  const refused = {
    all: await mutate('bad-all', { errorPolicy: 'all' }).then(({ error }) => `resolved: ${error?.message}`),
    none: await mutate('bad-none').then(
      () => 'resolved',
      (error: Error) => `threw: ${error.message}`,
    ),
    ignore: await mutate('bad-ignore', { errorPolicy: 'ignore' }).then(({ error }) => `resolved: ${error?.message}`),
  }
  page.unmount()
  await client.close()
  return { offline, outcome: outcome.status, refused, seen }
}

/** One task from its call to its end, and a component that looks only afterwards. */
async function lifeOfATask() {
  const client = await open()
  const seen: string[] = []
  const renders = new Renders()
  let run: () => void = () => undefined
  let reset: () => void = () => undefined
  let id: string | undefined
  function Form(): ReactNode {
    const [mutate, result] = useTaskMutation(CREATE)
    run = () => void mutate({ variables: { input: { id: 'first', title: 'one' } } })
    reset = result.reset
    id = result.id ?? id
    const { status } = result.task
    useLayoutEffect(() => void seen.push(status), [status])
    return <p>{status}</p>
  }
  const Badge = memo(() => {
    renders.count('badge')
    return useOutbox(outbox => outbox.waiting > 0) ? 'waiting' : 'nothing waits'
  })
  function Later({ taskId }: { taskId: string }): ReactNode {
    const { status, entry, outcome } = useTask(taskId)
    return `${status} ${entry === undefined} ${outcome?.status}`
  }
  const page = show(
    <OfflineProvider client={client}>
      <Form />
      <Badge />
    </OfflineProvider>,
  )
  await until('the form', () => page.element.textContent?.includes('unknown') ?? false)
  run()
  await until('queued', () => seen.includes('queued'))
  await create(client, 'second')
  await create(client, 'third')
  await frames(2)
  const badge = renders.take()
  client.connection.setMode('auto')
  await until('confirmed', () => seen.includes('confirmed'))
  const after = show(
    <OfflineProvider client={client}>
      <Later taskId={id!} />
    </OfflineProvider>,
  )
  await until('the late look', () => after.element.textContent !== '')
  const later = after.element.textContent
  reset()
  await until('the reset', () => seen.at(-1) === 'unknown')
  after.unmount()
  page.unmount()
  await client.close()
  return { seen, badge, later }
}

/** Rendered on a server with a client that holds nothing, hydrated on a device that holds something. */
async function hydration() {
  const [empty, full] = [await open(), await open()]
  await create(full, 'first')
  const tree = (client: OfflineClient): ReactNode => (
    <OfflineProvider client={client}>
      <Everything />
    </OfflineProvider>
  )
  const element = document.body.appendChild(document.createElement('div'))
  element.innerHTML = renderToString(tree(empty))
  const onServer = element.textContent
  const errors: string[] = []
  const root = hydrateRoot(element, tree(full), { onRecoverableError: error => errors.push(String(error)) })
  await until('the device’s own state', () => element.textContent !== onServer)
  await frames(2)
  const onDevice = element.textContent
  root.unmount()
  element.remove()
  await Promise.all([empty.close(), full.close()])
  return { onServer, onDevice, errors }
}

class Boundary extends Component<{ children: ReactNode }, { reason?: unknown }> {
  override state: { reason?: unknown } = {}
  static getDerivedStateFromError(reason: unknown) {
    return { reason }
  }
  override render(): ReactNode {
    const { reason } = this.state
    if (reason === undefined) return this.props.children
    return reason instanceof Error && 'code' in reason ? `${reason.code}` : String(reason)
  }
}

/** A client that is still being opened, one that cannot be, and a hook without one. */
async function provider() {
  const texts: string[] = []
  let finish: (client: OfflineClient) => void = () => undefined
  let fail: (reason: unknown) => void = () => undefined
  const opening = new Promise<OfflineClient>(resolve => {
    finish = resolve
  })
  const failing = new Promise<OfflineClient>((_, reject) => {
    fail = reject
  })
  const Mode = (): ReactNode => useConnection().mode
  const page = (client: Promise<OfflineClient>) =>
    show(
      <StrictMode>
        <Boundary>
          <OfflineProvider client={client} fallback="opening">
            <Mode />
          </OfflineProvider>
        </Boundary>
      </StrictMode>,
    )
  const says = async ({ element }: { element: HTMLElement }, text: string): Promise<void> => {
    await until(text, () => element.textContent === text)
    texts.push(text)
  }
  const [good, bad] = [page(opening), page(failing)]
  const without = show(
    <Boundary>
      <Mode />
    </Boundary>,
  )
  await says(good, 'opening')
  await says(bad, 'opening')
  const client = await open()
  finish(client)
  fail(new Error('no storage'))
  await says(good, 'offline')
  await says(bad, 'Error: no storage')
  await says(without, 'NO_PROVIDER')
  for (const each of [good, bad, without]) each.unmount()
  await client.close()
  return texts
}

const experiments = { oneRow, strictMode, tearing, dropIn, lifeOfATask, hydration, provider }
export type Experiments = typeof experiments

Object.assign(window, { experiments })
