/**
 * A bus over one named channel of a server that passes messages on. Kept open for ever: away -> connecting -> (its own message
 * came back) listening -> away. Only what comes back proves a connection: a peer that vanished, a missing permission or a
 * pooler between look like a quiet channel otherwise.
 */
import { backoffMs, type Clock, pause } from '../../protocol/index.ts'
import { type Bus, BusError, type BusSetting, type News } from './bus.ts'
import { MeltedNews, messagesOf, readMessage } from './news.ts'
import { Outage } from './outage.ts'

/** An open connection, or what of several makes one. */
export interface Channel {
  /** Resolves when the server has them. */
  publish(messages: readonly string[]): Promise<void>
  close(): Promise<void>
}

/** Every message of the channel, this process's own among them, and the end of the connection. */
export interface ChannelEvents {
  heard(message: string): void
  lost(error: unknown): void
}

export type OpenChannel = (events: ChannelEvents) => Promise<Channel>

export interface ChannelBusOptions {
  /** Imports the package that the channel needs. */
  load(): Promise<OpenChannel>
  /** What to say when the channel takes messages and brings none back. */
  readonly deaf: string
}

/** At most so often a process publishes; what is told between melts. */
const PUBLISH_EVERY_MS = 25
const ANSWER_TIMEOUT_MS = 5000
const PROVE_EVERY_MS = 20_000
const FIRST_RETRY_MS = 250
const LAST_RETRY_MS = 5000
const CLOSE_WAIT_MS = 1000

const AWAY = 'the bus is away: commits of other gateways are found by looking until it is back'
const BACK = 'the bus is back'

export const channelBus = (options: ChannelBusOptions): Bus => new ChannelBus(options)

/** One connection that was proved, until it is lost. */
interface Session {
  readonly channel: Channel
  lose(error: unknown): void
}

class ChannelBus implements Bus {
  readonly #options: ChannelBusOptions
  readonly #untold = new MeltedNews()
  readonly #ending = new AbortController()
  #setting: BusSetting | undefined
  /** Of this process, on its messages. */
  #self = ''
  #session: Session | undefined
  #publishing: Promise<void> | undefined
  #kept: Promise<void> | undefined

  constructor(options: ChannelBusOptions) {
    this.#options = options
  }

  async start(setting: BusSetting): Promise<void> {
    if (this.#setting !== undefined) throw new BusError('BUS_IN_USE', 'A bus serves one gateway: make one for each.')
    this.#setting = setting
    this.#self = setting.random.uuid()
    const open = await this.#options.load()
    this.#kept = this.#keep(open, setting)
  }

  tell(news: readonly News[]): void {
    this.#untold.add(news)
    this.#publish()
  }

  async close(): Promise<void> {
    if (this.#setting === undefined) return
    if (this.#publishing !== undefined) await settled(this.#setting.clock, CLOSE_WAIT_MS, this.#publishing)
    this.#ending.abort(new BusError('BUS_LOST', 'The bus was closed.'))
    await this.#kept
  }

  async #keep(open: OpenChannel, setting: BusSetting): Promise<void> {
    const { signal } = this.#ending
    const outage = new Outage(setting.log, BACK)
    let attempt = 0
    const proved = (): void => {
      attempt = 0
      outage.over()
      setting.listening()
    }
    while (!signal.aborted) {
      const why = await this.#hold(open, setting, proved)
      if (signal.aborted) return
      outage.failed(why, why instanceof BusError && why.code === 'BUS_DEAF' ? why.message : AWAY)
      attempt += 1
      const waitMs = backoffMs(attempt, setting.random, FIRST_RETRY_MS, LAST_RETRY_MS)
      await pause(setting.clock, waitMs, signal).catch(() => undefined)
    }
  }

  /** Connects and stays; resolves to why it ended. */
  async #hold(open: OpenChannel, { clock, hear }: BusSetting, proved: () => void): Promise<unknown> {
    let lose: (error: unknown) => void = () => undefined
    const lost = new Promise<unknown>(resolve => {
      lose = resolve
    })
    const end = (): void => lose(this.#ending.signal.reason)
    this.#ending.signal.addEventListener('abort', end)
    let returned = (): void => undefined
    const heard = (text: string): void => {
      const message = readMessage(text)
      if (message?.from === this.#self) returned()
      else if (message !== undefined && message.news.length > 0) hear(message.news)
    }
    const prove = async (channel: Channel): Promise<void> => {
      const back = new Promise<void>(resolve => {
        returned = resolve
      })
      await answered(clock, channel.publish(messagesOf({ from: this.#self, news: [] })))
      await within(clock, ANSWER_TIMEOUT_MS, back, () => new BusError('BUS_DEAF', this.#options.deaf))
    }
    let withdraw = (): void => undefined
    let isLost = false
    const stay = async (channel: Channel): Promise<void> => {
      await prove(channel)
      if (isLost) return
      if (this.#session?.channel !== channel) {
        this.#session = { channel, lose }
        proved()
        this.#publish()
      }
      withdraw = clock.after(PROVE_EVERY_MS, () => void stay(channel).catch(lose))
    }
    const opening = open({ heard, lost: error => lose(error) })
    opening.then(stay).catch(lose)
    const why = await lost
    isLost = true
    this.#session = undefined
    this.#ending.signal.removeEventListener('abort', end)
    withdraw()
    returned()
    await settled(
      clock,
      CLOSE_WAIT_MS,
      opening.then(channel => channel.close()),
    )
    return why
  }

  /** Unless it is under way: publishes until nothing waits. What could not be published waits for the next session. */
  #publish(): void {
    if (this.#session === undefined || this.#publishing !== undefined || this.#untold.isEmpty) return
    this.#publishing = this.#publishAll(this.#setting as BusSetting)
  }

  async #publishAll({ clock }: BusSetting): Promise<void> {
    while (this.#session !== undefined && !this.#untold.isEmpty) {
      const session = this.#session
      const news = this.#untold.take()
      try {
        await answered(clock, session.channel.publish(messagesOf({ from: this.#self, news })))
      } catch (error) {
        this.#untold.add(news)
        if (this.#session === session) this.#session = undefined
        session.lose(error)
      }
      await pause(clock, PUBLISH_EVERY_MS)
    }
    this.#publishing = undefined
  }
}

const answered = <T>(clock: Clock, work: Promise<T>): Promise<T> =>
  within(clock, ANSWER_TIMEOUT_MS, work, () => new BusError('BUS_SLOW', 'The bus does not answer in time.'))

function within<T>(clock: Clock, ms: number, work: Promise<T>, late: () => Error): Promise<T> {
  return new Promise((resolve, reject) => {
    const withdraw = clock.after(ms, () => reject(late()))
    work.finally(withdraw).then(resolve, reject)
  })
}

/** However it ends, and at the latest after `ms`. */
async function settled(clock: Clock, ms: number, work: Promise<unknown>): Promise<void> {
  await within(clock, ms, work, () => new BusError('BUS_SLOW', 'The bus does not close in time.')).catch(
    () => undefined,
  )
}
