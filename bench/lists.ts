/** Does one change cost a watched list more among 20,000 records than among 1,000? `node --import tsx --conditions=production bench/lists.ts` */
import { gql, type Reference } from '@apollo/client'
import { syncedList } from '../client/synced-list.ts'
import { RecordsDevice, type TestNote } from '../test/support/records.ts'

const ROUNDS = 60
const ROUNDS_WITHOUT = 8
const SIZES = [1000, 20_000] as const

const median = (values: number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0
const note = (index: number, rank = index): TestNote => ({
  id: `n${index}`,
  title: `note ${index}`,
  rank,
  done: index % 2 === 0,
  owner: null,
})

interface Costs {
  base: number
  view: number
  rebase: number
  pageBytes: number
  judged: number
}

async function costsAmong(size: number, remembering: boolean): Promise<Costs> {
  const rounds = remembering ? ROUNDS : ROUNDS_WITHOUT
  let judged = 0
  const device = new RecordsDevice({
    open: syncedList('Note', {
      where: (each: TestNote) => {
        judged += 1
        return !each.done
      },
      sort: (a: TestNote, b: TestNote) => a.rank - b.rank,
    }),
  })
  const { cache } = device
  if (!remembering) {
    Object.assign(cache.policies, { cache: Object.create(cache, { optimisticData: { value: undefined } }) })
  }
  for (let start = 0; start < size; start += 1000) {
    await device.pull(Array.from({ length: 1000 }, (_, index) => note(start + index)))
  }
  let calls = 0
  cache.watch({
    query: gql`query Open($first: Int) { open(first: $first) { id title rank } }`,
    variables: { first: 50 },
    optimistic: true,
    immediate: true,
    callback: () => {
      calls += 1
    },
  })
  const timed = async (run: (round: number) => unknown): Promise<number> => {
    const values: number[] = []
    for (let round = 0; round < rounds; round += 1) {
      const before = performance.now()
      await run(round)
      values.push(performance.now() - before)
    }
    return median(values)
  }
  await timed(round => device.pull([note(1, round / 100)])) // Warm.
  judged = 0
  const base = await timed(round => device.pull([note(round * 2 + 1, (round * 37) % size)]))
  const perChange = judged / rounds
  const view = await timed(round => device.save({ id: `n${round * 2 + 1}`, rank: round }))
  const rebase = await timed(round => device.pull([note(round * 2 + 201, round)]))
  const store = cache.extract() as Record<string, { index?: { refs?: Reference[] } }>
  const pageBytes = JSON.stringify(store['LayoverIndex:Note:1']?.index ?? '').length
  if (calls < rounds) console.log('WRONG: the watcher was told too seldom')
  return { base, view, rebase, pageBytes, judged: perChange }
}

for (const remembering of [true, false]) {
  console.log(remembering ? 'as it is' : 'without memory, as where Apollo cannot be watched')
  const [few, many] = [await costsAmong(SIZES[0], remembering), await costsAmong(SIZES[1], remembering)]
  for (const key of ['base', 'view', 'rebase'] as const) {
    const ratio = (many[key] / few[key]).toFixed(2)
    console.log(`  ${key.padEnd(8)} ${few[key].toFixed(2)} ms → ${many[key].toFixed(2)} ms, ratio ${ratio}`)
  }
  console.log(`  where called ${few.judged} → ${many.judged} times a change; an index page has ${many.pageBytes} bytes`)
}
