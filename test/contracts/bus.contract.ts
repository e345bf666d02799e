/** What every bus between gateways promises, over a real server of its kind. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { systemClock, systemRandom } from '../../protocol/index.ts'
import type { Log } from '../../server/log.ts'
import type { Bus, News } from '../../server/sync/bus.ts'

/** A server of one kind, and what may happen to it. */
export interface BusSubject {
  /** One process's. */
  bus(): Bus
  /** The server goes away; who was connected isn't any more. */
  goAway(): Promise<void>
  comeBack(): Promise<void>
  /** Says something on the bus that no gateway says. */
  shout(text: string): Promise<void>
  /** How many messages that bring news passed since the last call. */
  passed(): Promise<number>
  remove(): Promise<void>
}

/** One process on the bus, as a gateway is. */
interface Neighbour {
  readonly bus: Bus
  readonly heard: News[]
  readonly logged: { readonly level: keyof Log; readonly message: string }[]
  /** How often hearing began. */
  listening: number
}

const P = 'tenant:north'
const news = (head: number, owners: News['owners'] = ['ann']): News => ({ partition: P, owners, head })

export function busContract(name: string, make: () => Promise<BusSubject>): void {
  describe(`the bus on ${name}`, () => {
    let subject: BusSubject
    const neighbours: Neighbour[] = []

    beforeEach(async () => {
      subject = await make()
    })
    afterEach(async () => {
      await Promise.all(neighbours.splice(0).map(({ bus }) => bus.close()))
      await subject.remove()
    })

    async function started(bus: Bus): Promise<Neighbour> {
      const logged: Neighbour['logged'] = []
      const say = (level: keyof Log) => (_fields: object, message: string) => void logged.push({ level, message })
      const neighbour: Neighbour = { bus, heard: [], logged, listening: 0 }
      neighbours.push(neighbour)
      await bus.start({
        hear: heard => void neighbour.heard.push(...heard),
        listening: () => {
          neighbour.listening += 1
        },
        clock: systemClock,
        random: systemRandom,
        log: { info: say('info'), warn: say('warn'), error: say('error') },
      })
      return neighbour
    }

    async function listens(neighbour: Neighbour, times = 1): Promise<void> {
      await expect.poll(() => neighbour.listening).toBe(times)
    }

    async function neighbour(): Promise<Neighbour> {
      const made = await started(subject.bus())
      await listens(made)
      return made
    }

    it('what one tells, all others hear, and it does not hear itself', async () => {
      const [one, two, three] = [await neighbour(), await neighbour(), await neighbour()]
      one.bus.tell([news(7, ['ann', null]), { partition: 'shared', owners: 'anybody', head: 3 }])
      const expected = [news(7, ['ann', null]), { partition: 'shared', owners: 'anybody', head: 3 }]
      await expect.poll(() => two.heard).toEqual(expected)
      await expect.poll(() => three.heard).toEqual(expected)
      // Its own would have come before the answer to it.
      two.bus.tell([news(8)])
      await expect.poll(() => one.heard).toEqual([news(8)])
    })

    it('a thousand commits melt into few messages, which say whose rows they were and how far they went', async () => {
      const [one, two] = [await neighbour(), await neighbour()]
      await subject.passed()
      for (let head = 1; head <= 1000; head++) one.bus.tell([news(head, [head % 2 === 0 ? 'ann' : 'bob'])])
      await expect.poll(() => two.heard.at(-1)?.head).toBe(1000)
      expect(await subject.passed()).toBeLessThan(10)
      expect(new Set(two.heard.flatMap(({ owners }) => owners))).toEqual(new Set(['ann', 'bob']))
    })

    it('thousands of owners and thousands of partitions arrive', async () => {
      const [one, two] = [await neighbour(), await neighbour()]
      const many = Array.from({ length: 5000 }, (_, index) => `somebody with a long name ${index}`)
      one.bus.tell([news(1, many)])
      await expect.poll(() => two.heard).toEqual([news(1, 'anybody')])
      one.bus.tell(many.map((partition, head) => ({ partition, owners: ['ann', 'büro', '\0"\\\ud800'], head })))
      await expect.poll(() => new Set(two.heard.map(({ partition }) => partition)).size).toBe(5001)
    })

    it('one owner whose name fills a message is told as anybody', async () => {
      const [one, two] = [await neighbour(), await neighbour()]
      one.bus.tell([news(1, ['x'.repeat(9000)]), { ...news(1), partition: 'tenant:south' }])
      await expect.poll(() => two.heard).toEqual([news(1, 'anybody'), { ...news(1), partition: 'tenant:south' }])
    })

    it('what no gateway says is not heard', async () => {
      const [one, two] = [await neighbour(), await neighbour()]
      const from = 'a stranger'
      for (const text of [
        'hello',
        'null',
        '{}',
        '{"from":1,"news":[]}',
        JSON.stringify({ from, news: [null] }),
        JSON.stringify({ from, news: [{ ...news(1), head: 'x' }] }),
        JSON.stringify({ from, news: [{ ...news(1), owners: [1] }] }),
        JSON.stringify({ from, news: [{ ...news(1), owners: 'ann' }] }),
        JSON.stringify({ from, news: [news(1), { partition: 7, owners: [], head: 1 }] }),
      ]) {
        await subject.shout(text)
      }
      one.bus.tell([news(2)])
      await expect.poll(() => two.heard).toEqual([news(2)])
    })

    it('after an outage, which it logs once, it hears again, and what was told meanwhile is heard melted', async () => {
      const [one, two] = [await neighbour(), await neighbour()]
      await subject.goAway()
      await expect.poll(() => one.logged.length).toBe(1)
      for (let head = 1; head <= 100; head++) one.bus.tell([news(head)])
      await subject.comeBack()
      await Promise.all([listens(one, 2), listens(two, 2)])
      // Its own part of the news may have left before the other one heard again.
      one.bus.tell([news(101)])
      await expect.poll(() => two.heard.at(-1)?.head).toBe(101)
      expect(two.heard.length).toBeLessThanOrEqual(2)
      expect(one.logged.map(({ level }) => level)).toEqual(['warn', 'info'])
    })

    it('a bus that is away at the start keeps nobody from starting and is found when it comes', async () => {
      await subject.goAway()
      const one = await started(subject.bus())
      one.bus.tell([news(1)])
      await expect.poll(() => one.logged.length).toBe(1)
      await subject.comeBack()
      const two = await neighbour()
      await listens(one)
      one.bus.tell([news(2)])
      await expect.poll(() => two.heard.at(-1)).toEqual(news(2))
    })

    it('what was told is on its way when closing is through, and a closed bus takes whatever it is told', async () => {
      const [one, two] = [await neighbour(), await neighbour()]
      one.bus.tell([news(1)])
      one.bus.tell([news(2)])
      await one.bus.close()
      one.bus.tell([news(3)])
      await expect.poll(() => two.heard.at(-1)).toEqual(news(2))
    })

    it('a bus that was never reached closes at once', async () => {
      await subject.goAway()
      const one = await started(subject.bus())
      one.bus.tell([news(1)])
      await one.bus.close()
      await subject.comeBack()
      expect(one.listening).toBe(0)
    })

    it('serves one gateway alone', async () => {
      const one = await neighbour()
      await expect(started(one.bus)).rejects.toMatchObject({ code: 'BUS_IN_USE' })
    })
  })
}
