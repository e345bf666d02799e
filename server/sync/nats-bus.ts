/** The bus over a subject of NATS, for larger fleets. Door: `layover/server/nats`; needs the package @nats-io/transport-node. */
import type { NodeConnectionOptions } from '@nats-io/transport-node'
import { type Bus, BusError } from './bus.ts'
import { type Channel, type ChannelEvents, channelBus } from './channel-bus.ts'

export interface NatsBusOptions {
  /** Default `layover.news`. Another one for each fleet of gateways on the same NATS. */
  readonly subject?: string
  /** What else the package needs to connect, such as `tls` or `authenticator`. */
  readonly connection?: Omit<NodeConnectionOptions, 'servers' | 'port' | 'reconnect'>
}

const CONNECT_TIMEOUT_MS = 5000

/**
 * `servers`: one address or several, as a list or with commas between, such as `nats://user:password@one:4222,nats://two:4222`;
 * `tls://` asks for TLS. User and password are those of the first that has any. Throws a TypeError for an address or a subject
 * that can't be one.
 */
export function natsBus(
  servers: string | readonly string[],
  { subject = 'layover.news', connection = {} }: NatsBusOptions = {},
): Bus {
  if (!/^[^\s.*>]+(\.[^\s.*>]+)*$/.test(subject)) {
    throw new TypeError('natsBus: subject must be words with dots between, without spaces and wildcards')
  }
  const options: NodeConnectionOptions = {
    name: 'layover',
    timeout: CONNECT_TIMEOUT_MS,
    ...addressesOf(servers),
    ...connection,
    reconnect: false,
  }
  return channelBus({
    deaf: `the bus hears nothing: the user of NATS needs the right to publish and to subscribe to ${subject}`,
    async load() {
      const { connect } = await packageNats()
      return events => open(connect, options, subject, events)
    },
  })
}

function addressesOf(servers: string | readonly string[]): NodeConnectionOptions {
  const wrong = new TypeError('natsBus: servers must be addresses such as nats://host:4222, with commas between')
  const urls = [servers]
    .flat()
    .join()
    .split(',')
    .map(server => {
      if (!URL.canParse(server.trim())) throw wrong
      const url = new URL(server.trim())
      if (!/^(nats|tls):$/.test(url.protocol) || url.hostname === '') throw wrong
      return url
    })
  const named = urls.find(({ username }) => username !== '')
  return {
    servers: urls.map(({ host }) => host),
    ...(urls.some(({ protocol }) => protocol === 'tls:') ? { tls: {} } : {}),
    ...(named === undefined
      ? {}
      : { user: decodeURIComponent(named.username), pass: decodeURIComponent(named.password) }),
  }
}

type Nats = typeof import('@nats-io/transport-node')

async function packageNats(): Promise<Nats> {
  try {
    return await import('@nats-io/transport-node')
  } catch (error) {
    const install = 'npm install @nats-io/transport-node'
    throw new BusError('PACKAGE_MISSING', `natsBus needs the package @nats-io/transport-node: ${install}`, {
      cause: error,
    })
  }
}

/** Reconnecting is the bus's: it has to know when it was away. */
async function open(
  connect: Nats['connect'],
  options: NodeConnectionOptions,
  subject: string,
  { heard, lost }: ChannelEvents,
): Promise<Channel> {
  const connection = await connect(options)
  void connection.closed().then(error => lost(error ?? new BusError('BUS_LOST', 'NATS closed the connection.')))
  connection.subscribe(subject, {
    callback: (error, message) => (error === null ? heard(message.string()) : lost(error)),
  })
  return {
    async publish(messages) {
      for (const message of messages) connection.publish(subject, message)
      await connection.flush()
    },
    close: () => connection.close(),
  }
}
