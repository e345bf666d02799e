/** What every store adapter promises (server/store/store.ts). `open` gives a fresh store, and the same data again after a close. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { silentLog } from '../../server/log.ts'
import type {
  ChangedRecord,
  FeedSelection,
  NewTask,
  Renderer,
  Store,
  StoredRecord,
  StoredTask,
  StoreSetting,
} from '../../server/store/store.ts'
import { P, record, task } from '../support/stored.ts'

export interface StoreUnderTest {
  /** Opens the data of this test, again and again the same. */
  open(setting?: StoreSetting): Promise<Store>
  remove(): Promise<void>
}

export function storeContract(name: string, make: () => Promise<StoreUnderTest>): void {
  describe(`the store contract: ${name}`, () => {
    let subject: StoreUnderTest
    let store: Store
    beforeEach(async () => {
      subject = await make()
      store = await subject.open()
    })
    afterEach(async () => {
      await store.close()
      await subject.remove()
    })

    const put = (...records: StoredRecord[]): Promise<void> =>
      store.write(P, async unit => {
        for (const each of records)
          unit.put(each, { keepVersion: true, writtenBy: { user: 'ann', client: 'device-1' } })
      })
    const feed = async (
      selections: readonly FeedSelection[],
      after = 0,
      removalsAfter = 0,
      limit = 100,
    ): Promise<readonly ChangedRecord[]> =>
      (await store.view.changed(P, selections, { after, removalsAfter, limit })).rows
    const idOf = (body: string): string => (JSON.parse(body) as { id: string }).id
    const everything = [{ type: 'Thing', owner: null }]
    const changes = async (after = 0, owner: string | null = null): Promise<[string, string | null][]> =>
      (await feed([{ type: 'Thing', owner }], after)).map(({ body, removal }) => [idOf(body), removal])

    it('what was written is there after closing and opening, under the same epoch and secret', async () => {
      await put(record('a', 1, { text: 'kept', flag: false, zero: 0, empty: '', nothing: null }))
      const { epoch, secret } = store
      await store.close()
      store = await subject.open()
      expect((await store.view.record(P, 'Thing', 'a'))?.entity).toMatchObject({
        text: 'kept',
        flag: false,
        zero: 0,
        empty: '',
        nothing: null,
      })
      expect([store.epoch, store.secret]).toEqual([epoch, secret])
      expect(await store.view.head(P)).toBe(1)
    })

    it('a unit that throws leaves nothing, and its neighbours in the same commit stay', async () => {
      const results = await Promise.allSettled([
        put(record('a')),
        store.write(P, async unit => {
          unit.put(record('b'), { keepVersion: true, writtenBy: null })
          await unit.takeTask(task('t'))
          throw new Error('no')
        }),
        put(record('c')),
      ])
      expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
      expect(await changes()).toEqual([
        ['a', null],
        ['c', null],
      ])
      expect(await store.view.task({ partition: P, user: 'ann', id: 't' })).toBeUndefined()
    })

    it('the backlog counts unfinished tasks by what they are at', async () => {
      expect(await store.view.backlog()).toEqual({ waiting: 0, running: 0, parked: 0 })
      await store.write(P, async unit => {
        await unit.takeTask(task('a'))
        await unit.takeTask(task('b', { status: 'RUNNING', state: 'running' }))
        await unit.takeTask(task('c'))
        await unit.takeTask(task('d', { status: 'CONFIRMED', state: 'finished' }))
      })
      expect(await store.view.backlog()).toEqual({ waiting: 2, running: 1, parked: 0 })
    })

    it('the waiting tasks that nothing is before any more are due, in their order', async () => {
      await store.write(P, async unit => {
        const [a, b] = [
          await unit.takeTask(task('a', { status: 'RUNNING', state: 'running' })),
          await unit.takeTask(task('b')),
        ]
        await unit.takeTask(task('c'))
        await unit.takeTask(task('d'))
        await unit.takeTask(task('e', { status: 'CONFIRMED', state: 'finished' }))
        await unit.waitFor(b, [a])
      })
      const due = async (first: number): Promise<string[]> => (await store.view.due(first)).map(({ id }) => id)
      expect(await due(10)).toEqual(['c', 'd'])
      expect(await due(1)).toEqual(['c'])
      await store.write(P, async unit => {
        const a = await unit.task({ partition: P, user: 'ann', id: 'a' })
        if (a !== undefined) await unit.release(await unit.changeTask(a, { status: 'CONFIRMED', state: 'finished' }))
      })
      expect(await due(10)).toEqual(['b', 'c', 'd'])
    })

    it('a unit sees its own writes, and nobody else does before the commit', async () => {
      await store.write(P, async unit => {
        unit.put(record('a'), { keepVersion: true, writtenBy: null })
        expect((await unit.record(P, 'Thing', 'a'))?.entity.id).toBe('a')
        expect(await store.view.record(P, 'Thing', 'a')).toBeUndefined()
      })
      expect(await store.view.record(P, 'Thing', 'a')).toBeDefined()
    })

    it('numbers are gapless and rise in the order of the commits, a changed record moves to the end', async () => {
      await Promise.all(['a', 'b', 'c', 'd'].map(key => put(record(key))))
      await put(record('b', 2))
      const rows = await feed(everything)
      expect(rows.map(({ body, change }) => [idOf(body), change])).toEqual([
        ['a', 1],
        ['c', 3],
        ['d', 4],
        ['b', 5],
      ])
      expect(await store.view.head(P)).toBe(5)
      expect(await changes(4)).toEqual([['b', null]])
    })

    it('partitions count for themselves, and a unit cannot write to another', async () => {
      await put(record('a'))
      await store.write('tenant:south', async unit =>
        unit.put({ ...record('a'), partition: 'tenant:south' }, { keepVersion: true, writtenBy: null }),
      )
      expect([await store.view.head(P), await store.view.head('tenant:south')]).toEqual([1, 1])
      await expect(
        store.write('tenant:south', async unit => unit.put(record('b'), { keepVersion: true, writtenBy: null })),
      ).rejects.toThrow('write to')
    })

    it('an owner gets his rows and those of everybody; what went to another owner is a departure', async () => {
      await put(record('mine'), record('theirs', 1, {}, 'bob'))
      expect(await changes(0, 'ann')).toEqual([['mine', null]])
      await put(record('mine', 2, {}, 'bob'))
      expect(await changes(2, 'ann')).toEqual([['mine', 'OUT_OF_SCOPE']])
      expect(await changes(2, 'bob')).toEqual([['mine', null]])
      await put(record('mine', 3, {}, 'ann'))
      expect(await changes(2, 'ann')).toEqual([['mine', null]])
      expect(await changes(3, 'bob')).toEqual([['mine', 'OUT_OF_SCOPE']])
    })

    it('a row that no filter of its type fits is a removal, from a number on at which the reader may have it', async () => {
      await put(record('a', 1, { n: 1 }), record('b', 1, { n: 2 }), record('c', 1, { n: 3 }), record('d', 1, {}))
      await put({ ...record('c', 2), deleted: true }, record('a', 2, {}, 'bob'))
      const told = async (removalsAfter: number, owner: string | null = null): Promise<[string, string | null][]> => {
        const where = [
          [{ field: 'n', test: 'in' as const, values: [2] }],
          [{ field: 'n', test: 'gt' as const, values: [2] }],
        ]
        const rows = await feed([{ type: 'Thing', owner, where }], 0, removalsAfter)
        return rows.map(({ body, removal }) => [idOf(body), removal])
      }
      expect(await told(6)).toEqual([['b', null]])
      expect(await told(3)).toEqual([
        ['b', null],
        ['d', 'OUT_OF_SCOPE'],
        ['c', 'DELETED'],
        ['a', 'OUT_OF_SCOPE'],
      ])
      expect(await told(6, 'ann')).toEqual([['b', null]])
      expect(await told(0, 'bob')).toEqual([['a', 'OUT_OF_SCOPE']])
    })

    it('a window says where it ends and whether there is more, also when a filter fits next to nothing', async () => {
      await store.write(P, async unit => {
        for (let n = 1; n <= 45_000; n += 1) {
          unit.put(record(`k${n}`, 1, { n }), { keepVersion: false, writtenBy: null })
        }
      })
      const where = [[{ field: 'n', test: 'in' as const, values: [3, 30_000, 44_999] }]]
      const found: string[] = []
      let after = 0
      let pages = 0
      for (let more = true; more; pages += 1) {
        const window = { after, removalsAfter: 45_000, limit: 2 }
        const page = await store.view.changed(P, [{ type: 'Thing', owner: null, where }], window)
        found.push(...page.rows.map(({ body }) => idOf(body)))
        more = page.more
        after = page.last ?? after
      }
      expect(found).toEqual(['k3', 'k30000', 'k44999'])
      expect(pages).toBeGreaterThan(1)
      expect(await store.view.changed(P, everything, { after: 44_999, removalsAfter: 0, limit: 1 })).toMatchObject({
        last: 45_000,
        more: false,
      })
    })

    it('texts are made when a record is put, come in one piece, and are made anew without another number', async () => {
      await store.close()
      const renderer = (shape: string): Renderer => ({
        shapes: shape,
        shapeOf: type => (type === 'Thing' ? shape : null),
        text: ({ id, odd }) => (odd === true ? null : JSON.stringify({ id, shape })),
      })
      const reopen = async (shape: string): Promise<void> => {
        await store.close()
        store = await subject.open({ renderer: renderer(shape) })
      }
      const texts = async (shape: string, after: number, limit: number): Promise<unknown> => {
        const selections = [{ type: 'Thing', owner: null, shape }]
        const found = await store.view.changedTexts(P, selections, { after, removalsAfter: 0, limit })
        return found && { ...found, text: Buffer.from(found.text).toString() }
      }
      await reopen('s1')
      await put(record('a'), record('b', 1, { plain: 'ü"' }), record('c', 1, { odd: true }))
      const ab = '{"id":"a","shape":"s1"},{"id":"b","shape":"s1"}'
      expect(await texts('s1', 0, 2)).toEqual({ text: ab, count: 2, last: 2, more: true })
      expect(await texts('s1', 1, 1)).toMatchObject({ text: '{"id":"b","shape":"s1"}', more: true })
      // One of the window has no text.
      expect(await texts('s1', 0, 3)).toBeUndefined()
      expect(await texts('s2', 0, 2)).toBeUndefined()
      expect(await texts('s1', 3, 2)).toEqual({ text: '', count: 0, last: null, more: false })
      await reopen('s2')
      while ((await store.write(P, unit => unit.renewTexts(2))) > 0);
      expect(await texts('s2', 0, 2)).toEqual({ text: ab.replaceAll('s1', 's2'), count: 2, last: 2, more: true })
      expect(await store.view.head(P)).toBe(3)
      await put({ ...record('a', 2), deleted: true })
      expect(await texts('s2', 1, 1)).toMatchObject({ text: '{"id":"b","shape":"s2"}' })
      expect(await texts('s2', 3, 5)).toBeUndefined()
      // Written without texts meanwhile: the walk is made again.
      await store.close()
      store = await subject.open()
      await put(record('d'))
      await reopen('s2')
      while ((await store.write(P, unit => unit.renewTexts(2))) > 0);
      expect(await texts('s2', 4, 5)).toMatchObject({ text: '{"id":"d","shape":"s2"}' })
    })

    it('takes away what is older than a moment, a few at a time, and no state that may still be a base', async () => {
      await store.close()
      let now = 1000
      store = await subject.open({ clock: { now: () => now } })
      await put(record('kept'), record('edited'), record('gone'), record('moved'))
      now = 2000
      await put(record('edited', 2), { ...record('gone', 2), deleted: true }, record('moved', 2, {}, 'bob'))
      now = 3000
      await put(record('edited', 3))
      const prune = (before: number, limit = 100): Promise<number> => store.write(P, unit => unit.prune(before, limit))
      const versions = async (key: string): Promise<number[]> =>
        (await store.view.versions(P, 'Thing', key, 0)).map(({ entity }) => entity.version)
      expect(await prune(2000)).toBe(0)
      // gone itself, the departure of moved, and the first versions of edited and moved.
      expect([await prune(2001, 1), await prune(2001, 100), await prune(2001, 100)]).toEqual([1, 3, 0])
      expect([
        await versions('edited'),
        await versions('gone'),
        await versions('kept'),
        await versions('moved'),
      ]).toEqual([[2, 3], [], [1], [2]])
      expect(await store.view.record(P, 'Thing', 'gone')).toBeUndefined()
      expect(await changes(4, 'ann')).toEqual([['edited', null]])
      await prune(Number.MAX_SAFE_INTEGER)
      expect([await versions('edited'), await versions('kept')]).toEqual([[3], [1]])
    })

    it('gives up the outcome of an old task and keeps its claim, unless somebody has yet to decide it', async () => {
      const [over] = await store.write(P, async unit => [
        await unit.takeTask(task('over', { state: 'finished', status: 'REJECTED', takenAt: 1000, args: { a: 'b' } })),
        await unit.takeTask(task('open', { state: 'finished', status: 'CONFLICT', takenAt: 1000 })),
        await unit.takeTask(task('runs', { state: 'running', status: 'RUNNING', takenAt: 1000 })),
        await unit.takeTask(task('new', { state: 'finished', status: 'CONFIRMED', takenAt: 2000 })),
      ])
      expect((await store.view.outlived(2000, 10)).map(({ id }) => id)).toEqual(['over'])
      await store.write(P, unit => unit.expire(over as StoredTask))
      expect(await store.view.outlived(2000, 10)).toEqual([])
      expect(await store.view.task({ partition: P, user: 'ann', id: 'over' })).toMatchObject({
        expired: true,
        inputHash: 'h',
        status: 'REJECTED',
        finishedAt: 1000,
        args: {},
        payload: {},
      })
    })

    it('a tombstone is told as a removal and is in no list', async () => {
      await put(record('a'), record('b'))
      await put({ ...record('a', 2), deleted: true })
      expect(await changes(2)).toEqual([['a', 'DELETED']])
      expect(
        (await store.view.list({ partition: P, selection: { type: 'Thing', owner: null }, first: 10 })).map(
          ({ key }) => key,
        ),
      ).toEqual(['b'])
    })

    it('lists in order of key, page by page, with filters', async () => {
      await put(
        record('c', 1, { place: 'Lisbon', name: 'Sea View' }),
        record('a', 1, { place: 'Bergen', name: 'sea house' }),
        record('b', 1, { place: 'Lisbon', name: 'Hill' }),
      )
      const keys = async (query: object): Promise<string[]> =>
        (await store.view.list({ partition: P, selection: { type: 'Thing', owner: null }, first: 10, ...query })).map(
          ({ key }) => key,
        )
      expect(await keys({ first: 2 })).toEqual(['a', 'b'])
      expect(await keys({ after: 'b' })).toEqual(['c'])
      expect(await keys({ equals: { place: 'Lisbon' } })).toEqual(['b', 'c'])
      expect(await keys({ contains: { field: 'name', text: 'SEA' } })).toEqual(['a', 'c'])
      expect(await keys({ contains: { field: 'name', text: '%' } })).toEqual([])
    })

    it('keeps every version with who wrote it', async () => {
      for (const version of [1, 2, 3]) await put(record('a', version, { n: version }))
      const history = await store.view.versions(P, 'Thing', 'a', 2)
      expect(history.map(({ entity, writtenBy }) => [entity.version, writtenBy?.client])).toEqual([
        [2, 'device-1'],
        [3, 'device-1'],
      ])
    })

    it('a claimed id is the user’s own; a copied one gets another reference', async () => {
      const [mine, copied] = await store.write(P, async unit => [
        await unit.takeTask(task('t')),
        await unit.takeTask(task('t', { user: 'bob' })),
      ])
      expect(mine?.reference).toBe('t')
      expect(copied?.reference).toMatch(/^t~/)
      await expect(store.write(P, unit => unit.takeTask(task('t')))).rejects.toThrow()
      expect(await store.view.task({ partition: P, user: 'ann', id: 't' })).toMatchObject({
        args: { a: 1 },
        state: 'waiting',
        finishedAt: null,
      })
    })

    it('readers wait for the writer before them, a writer for all since the last writer, nobody for himself', async () => {
      const touch = (writes: boolean): NewTask['touches'] => [{ record: 'Thing:a', writes }]
      const take = (id: string, writes: boolean): Promise<StoredTask> =>
        store.write(P, unit => unit.takeTask(task(id, { touches: touch(writes) })))
      const inTheWay = (writes: boolean): Promise<string[]> =>
        store.write(P, async unit => (await unit.inTheWay(P, touch(writes))).map(({ id }) => id).sort())
      await take('r0', false)
      expect(await inTheWay(false)).toEqual([])
      expect(await inTheWay(true)).toEqual(['r0'])
      await take('w1', true)
      await take('r2', false)
      await take('r3', false)
      expect(await inTheWay(false)).toEqual(['w1'])
      expect(await inTheWay(true)).toEqual(['r2', 'r3', 'w1'])
    })

    it('a task that is released frees those that waited for it alone', async () => {
      const [first, second, both, one] = await store.write(P, async unit => {
        const tasks = [
          await unit.takeTask(task('1')),
          await unit.takeTask(task('2')),
          await unit.takeTask(task('3')),
          await unit.takeTask(task('4')),
        ]
        await unit.waitFor(tasks[2] as StoredTask, tasks.slice(0, 2))
        await unit.waitFor(tasks[3] as StoredTask, tasks.slice(0, 1))
        return tasks as [StoredTask, StoredTask, StoredTask, StoredTask]
      })
      expect(await store.write(P, async unit => [await unit.isBlocked(both), await unit.isBlocked(first)])).toEqual([
        true,
        false,
      ])
      expect((await store.write(P, unit => unit.release(first))).map(({ id }) => id)).toEqual([one.id])
      expect((await store.write(P, unit => unit.release(second))).map(({ id }) => id)).toEqual([both.id])
    })

    it('a task that is waited for since this very commit frees who waits, too', async () => {
      const first = await store.write(P, unit => unit.takeTask(task('1', { status: 'RUNNING', state: 'running' })))
      // Units of one turn share a commit.
      const [, , freed] = await Promise.all([
        store.write(P, unit => unit.takeSignal('nobody')),
        store.write(P, async unit => unit.waitFor(await unit.takeTask(task('2')), [first])),
        store.write(P, async unit => {
          await unit.walker(first.reference)
          return unit.release(first)
        }),
      ])
      expect(freed.map(({ id }) => id)).toEqual(['2'])
      expect((await store.view.due(10)).map(({ id }) => id)).toEqual(['2'])
    })

    it('memos are recorded once and dropped together', async () => {
      await store.write(P, unit => unit.recordMemo('t', 'step', { a: [1, null] }))
      expect(await store.view.memo('t', 'step')).toEqual({ value: { a: [1, null] } })
      await expect(store.write(P, unit => unit.recordMemo('t', 'step', 2))).rejects.toThrow()
      await store.write(P, unit => unit.dropMemos('t'))
      expect(await store.view.memo('t', 'step')).toBeUndefined()
    })

    it('a walk claims its task, and a later one takes it over', async () => {
      await store.write(P, unit => unit.takeTask(task('t')))
      expect(await store.view.walker('t')).toBeNull()
      await store.write(P, unit => unit.setWalker('t', 'one'))
      const seen = await store.write(P, async unit => {
        const before = await unit.walker('t')
        await unit.setWalker('t', 'two')
        return [before, await unit.walker('t')]
      })
      expect([...seen, await store.view.walker('t')]).toEqual(['one', 'two', 'two'])
    })

    it('the heads of several partitions are told at once', async () => {
      await put(record('a'), record('b'))
      expect([...(await store.view.heads([P, 'tenant:nowhere']))]).toEqual([[P, 2]])
    })

    it('tells of each commit which partition and whose rows it changed', async () => {
      const told: string[][] = []
      store.onCommit(commits =>
        told.push(commits.map(({ partition, owners, head }) => `${partition} ${[...owners]} ${head}`)),
      )
      await put(record('a'))
      await store.write(P, unit => unit.recordMemo('t', 'step', 1))
      await put(record('a', 2, {}, 'bob'))
      expect(told).toEqual([[`${P} ann 1`], [`${P} bob,ann 2`]])
    })

    it('a listener that fails is logged, and keeps neither writers nor other listeners from going on', async () => {
      await store.close()
      const logged: object[] = []
      const log = { ...silentLog, error: (fields: object) => void logged.push(fields) }
      store = await subject.open({ log })
      const failure = new Error('it always fails')
      store.onCommit(() => {
        throw failure
      })
      const told: string[] = []
      store.onCommit(commits => told.push(...commits.map(({ partition }) => partition)))
      await put(record('a'))
      await put(record('b'))
      expect(await changes()).toHaveLength(2)
      expect(told).toEqual([P, P])
      expect(logged).toEqual([{ error: failure }, { error: failure }])
    })

    it('refuses to work when it is closed', async () => {
      await store.close()
      await expect(store.write(P, async () => 1)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
      store = await subject.open()
    })
  })
}
