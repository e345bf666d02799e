/**
 * The bus over LISTEN and NOTIFY of PostgreSQL: two connections a process, one that listens and one that tells. NOTIFY is never
 * part of a writing transaction: its lock would let commits through one at a time.
 */
import { Socket } from 'node:net'
import { type Bus, BusError } from './bus.ts'
import { type Channel, type ChannelEvents, channelBus } from './channel-bus.ts'

export interface PostgresBusOptions {
  /** Default `layover`. Another one for each fleet of gateways on the same database. */
  readonly channel?: string
}

const CONNECT_TIMEOUT_MS = 5000
/** Bytes of a name. */
const MOST_NAME_BYTES = 63

/**
 * `url` is that of the store's database or of any other, `postgres://…`, past any pooler in transaction mode: LISTEN doesn't
 * live through one. Throws a TypeError for an address or a channel that can't be one. Needs the package pg.
 */
export function postgresBus(url: string, { channel = 'layover' }: PostgresBusOptions = {}): Bus {
  if (!/^postgres(ql)?:\/\//.test(url)) throw new TypeError('postgresBus: url must begin with postgres://')
  if (channel === '' || Buffer.byteLength(channel) > MOST_NAME_BYTES || channel.includes('\0')) {
    throw new TypeError(`postgresBus: channel must be a name of 1 to ${MOST_NAME_BYTES} bytes`)
  }
  return channelBus({
    deaf: 'the bus hears nothing: LISTEN needs a direct connection to PostgreSQL, not a pooler in transaction mode',
    async load() {
      const pg = await packagePg()
      return events => open(pg, url, channel, events)
    },
  })
}

type Pg = typeof import('pg')

async function packagePg(): Promise<Pg> {
  try {
    return await import('pg')
  } catch (error) {
    throw new BusError('PACKAGE_MISSING', 'postgresBus needs the package pg: npm install pg', { cause: error })
  }
}

async function open(pg: Pg, url: string, channel: string, { heard, lost }: ChannelEvents): Promise<Channel> {
  const sockets: Socket[] = []
  const client = (): InstanceType<Pg['Client']> => {
    // A server that vanished is no reason to stay when the process is through.
    const socket = new Socket().unref()
    sockets.push(socket)
    const made = new pg.Client({
      connectionString: url,
      application_name: 'layover-bus',
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      keepAlive: true,
      stream: () => socket,
    })
    made.on('error', lost)
    made.on('end', () => lost(new BusError('BUS_LOST', 'PostgreSQL closed the connection.')))
    return made
  }
  const [listener, teller] = [client(), client()]
  listener.on('notification', ({ payload }) => heard(payload ?? ''))
  try {
    await Promise.all([listener.connect(), teller.connect()])
    await listener.query(`listen ${listener.escapeIdentifier(channel)}`)
    // A hint need not reach the disk, and its lock is held until the commit is through.
    await teller.query('set synchronous_commit = off')
  } catch (error) {
    for (const socket of sockets) socket.destroy()
    throw error
  }
  return {
    async publish(messages) {
      await teller.query('select pg_notify($1, message) from unnest($2::text[]) as message', [channel, messages])
    },
    async close() {
      await Promise.all([listener.end(), teller.end()])
    },
  }
}
