/** Texts that JavaScript allows and Postgres does not: NUL, halves of surrogate pairs, and the character that stands for them. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { postgres } from '../../server/store/postgres.ts'
import type { Renderer, Store } from '../../server/store/store.ts'
import { dropDatabase, freshDatabase, postgresMissing } from '../support/postgres.ts'
import { record, task } from '../support/stored.ts'

const ODD = [
  '\0',
  'a\0b',
  '\ud800',
  '\udc00x',
  'x\ud83d',
  '\ude00\ud83d',
  '\ud83d\ude00',
  '\ue000',
  '\ue0000000',
  '\ue000\ue000d800',
  '\\u0000',
  '\\ud800',
  '"\'%_\n',
  '\uffff',
  '\ufffd',
]

describe.skipIf(postgresMissing())('odd texts', () => {
  let url: string
  let store: Store
  const renderer: Renderer = {
    shapes: 's',
    shapeOf: type => (type.startsWith('Thing') ? 's' : null),
    text: entity => JSON.stringify(entity),
  }
  beforeEach(async () => {
    url = await freshDatabase()
    store = postgres(url)
    await store.open({ renderer })
  })
  afterEach(async () => {
    await store.close()
    await dropDatabase(url)
  })

  it('come back as they were from every place, and find what they name', async () => {
    for (const odd of ODD) {
      const partition = `tenant:${odd}`
      const type = `Thing${odd}`
      const stored = {
        ...record(odd, 1, { [`field${odd}`]: odd, deep: [{ [odd]: odd }] }, odd),
        partition,
        type,
      }
      const touches = [{ record: `${type}:${odd}`, writes: true }]
      const wanted = task(odd, {
        ...{ partition, user: odd, name: odd, client: odd, token: odd, after: [odd], touches },
        args: { [odd]: odd },
        payload: { odd: { value: odd } },
      })
      const taken = await store.write(
        partition,
        async unit => {
          unit.put(stored, { keepVersion: true, writtenBy: { user: odd, client: odd } })
          await unit.recordMemo(odd, odd, { [odd]: odd })
          await unit.setWalker(odd, odd)
          return unit.takeTask(wanted)
        },
        { tasks: [{ partition, user: odd, id: odd }], records: [`${type}:${odd}`], touches, walks: [odd], takes: 1 },
      )
      const { view } = store
      expect(await view.record(partition, type, odd)).toEqual(stored)
      expect(await view.task({ partition, user: odd, id: odd })).toEqual(taken)
      expect(taken).toMatchObject({ ...wanted, reference: odd })
      expect(await view.walker(odd)).toBe(odd)
      expect(await view.memo(odd, odd)).toEqual({ value: { [odd]: odd } })
      expect(await view.versions(partition, type, odd, 0)).toEqual([
        { entity: stored.entity, writtenBy: { user: odd, client: odd } },
      ])
      expect([...(await view.heads([partition]))]).toEqual([[partition, 1]])
      const selection = { type, owner: odd }
      const window = { after: 0, removalsAfter: 0, limit: 10 }
      const { rows } = await view.changed(partition, [selection], window)
      expect(rows.map(({ body }) => JSON.parse(body) as unknown)).toEqual([stored.entity])
      const texts = await view.changedTexts(partition, [{ ...selection, shape: 's' }], window)
      expect(JSON.parse(Buffer.from(texts?.text ?? []).toString())).toEqual(stored.entity)
      expect(await view.list({ partition, selection, equals: { [`field${odd}`]: odd }, first: 10 })).toEqual([stored])
      expect(
        await view.list({ partition, selection, contains: { field: `field${odd}`, text: odd }, first: 10 }),
      ).toEqual([stored])
      const where = [[{ field: `field${odd}`, test: 'in' as const, values: [odd] }]]
      const filtered = await view.changed(partition, [{ ...selection, where }], window)
      expect(filtered.rows.map(({ removal }) => removal)).toEqual([null])
      const inTheWay = await store.write(partition, unit => unit.inTheWay(partition, touches))
      expect(inTheWay.map(({ id }) => id)).toEqual([odd])
      await store.write(partition, async unit => {
        const released = await unit.changeTask(taken, { state: 'finished', status: 'CONFIRMED' })
        await unit.release(released)
        await unit.dropMemos(odd)
        unit.put({ ...stored, owner: 'another' }, { keepVersion: false, writtenBy: null })
      })
      expect(await view.memo(odd, odd)).toBeUndefined()
      const departed = await view.changed(partition, [selection], { ...window, after: 1 })
      expect(departed.rows).toMatchObject([{ removal: 'OUT_OF_SCOPE' }])
      expect(JSON.parse(departed.rows[0]?.body ?? '')).toMatchObject({ __typename: type, id: odd })
    }
  })

  it('in one record do not keep a filter or a list from the others', async () => {
    const P = 'p'
    await store.write(P, async unit => {
      for (const [at, name] of [...ODD, 'plain'].entries()) {
        unit.put({ ...record(`k${at}`, 1, { name, [name]: at }), partition: P }, { keepVersion: true, writtenBy: null })
      }
    })
    const selection = { type: 'Thing', owner: null }
    const window = { after: 0, removalsAfter: 100, limit: 100 }
    const found = async (test: 'in' | 'gte', value: string): Promise<string[]> => {
      const where = [[{ field: 'name', test, values: [value] }]]
      const { rows } = await store.view.changed(P, [{ ...selection, where }], window)
      return rows.map(({ body }) => (JSON.parse(body) as { name: string }).name)
    }
    expect(await found('in', 'plain')).toEqual(['plain'])
    expect(await found('gte', 'pla')).toContain('plain')
    const listed = await store.view.list({ partition: P, selection, equals: { name: 'plain' }, first: 100 })
    expect(listed.map(({ entity }) => entity['name'])).toEqual(['plain'])
  })

  it('as keys are listed page by page, each once, and their texts are made anew', async () => {
    const P = 'p'
    await store.write(P, async unit => {
      for (const key of ODD) unit.put({ ...record(key), partition: P }, { keepVersion: true, writtenBy: null })
    })
    const keys: string[] = []
    for (let after: string | undefined; ; after = keys.at(-1)) {
      const [next] = await store.view.list({
        ...{ partition: P, selection: { type: 'Thing', owner: null }, first: 1 },
        ...(after === undefined ? {} : { after }),
      })
      if (next === undefined) break
      keys.push(next.key)
    }
    expect(keys.sort()).toEqual([...ODD].sort())
    await store.close()
    store = postgres(url)
    await store.open({ renderer: { ...renderer, shapes: 's2', shapeOf: () => 's2' } })
    while ((await store.write(P, unit => unit.renewTexts(2))) > 0);
    const texts = await store.view.changedTexts(P, [{ type: 'Thing', owner: null, shape: 's2' }], {
      ...{ after: 0, removalsAfter: 0, limit: 100 },
    })
    expect(texts?.count).toBe(ODD.length)
  })
})
