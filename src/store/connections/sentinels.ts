import type { Redis } from 'ioredis'
import type { Clock, Milliseconds } from '../../base/clock.js'
import { createEmitter } from '../../base/emitter.js'
import { messageOf } from '../../base/errors.js'
import type { HostPort } from '../../config/config.js'
import { type Quorum, quorumOf, readReport, type SentinelReport } from './quorum.js'
import { addressOf } from './replication.js'

/** The sentinels that watch the network's primary: the configured ones, and the ones that these name. */
export interface Sentinels {
  /** Asks all sentinels. */
  ask(): Promise<Quorum>
  /** The address of the primary. @throws if no sentinel knows it */
  primary(): Promise<HostPort>
  /** A sentinel has announced another primary. */
  onSwitch(listener: () => void): () => void
  close(): void
}

export interface SentinelNeeds {
  readonly addresses: readonly HostPort[]
  /** The primary's name in the configuration of the sentinels. */
  readonly name: string
  /** A connection to a sentinel, not open yet. */
  readonly connect: (address: HostPort) => Redis
  readonly clock: Clock
}

/** How long to wait for the others once a majority has answered. */
const graceMs: Milliseconds = 100
/** Timeout of a connection that is being opened. */
const connectedWithinMs: Milliseconds = 1_000
/** No more than this number of sentinels are learned from others. */
const mostSentinels = 15

export function createSentinels({ addresses, name, connect, clock }: SentinelNeeds): Sentinels {
  const links = new Map<string, SentinelLink>()
  const switches = createEmitter<[]>(() => undefined)
  for (const address of addresses) add(address)

  function add(address: HostPort): void {
    links.set(addressOf(address), openSentinelLink({ name, connection: () => connect(address), onSwitch: switches.emit, clock }))
  }

  /** Sentinels that others name are asked from the next time on. */
  function learn(reports: readonly SentinelReport[]): void {
    for (const { id, host, port } of reports.flatMap(({ others }) => others)) {
      const isKnown = links.has(addressOf({ host, port })) || [...links.values()].some((post) => post.id === id)
      if (!isKnown && id !== '' && links.size < mostSentinels) add({ host, port })
    }
  }

  async function ask(): Promise<Quorum> {
    const asked = [...links]
    const reports = await reportsOf(
      asked.map(([, post]) => post.report()),
      clock,
    )
    learn(reports)
    const quorum = quorumOf(reports)
    const troubles = asked.flatMap(([address, { trouble }]) => (trouble === null ? [] : [`${address}: ${trouble}`]))
    return quorum.doubt === null || troubles.length === 0 ? quorum : { ...quorum, doubt: `${quorum.doubt} (${troubles.join('; ')})` }
  }

  return {
    ask,
    async primary() {
      const { primary, doubt } = await ask()
      if (primary === null) throw new Error(doubt ?? 'the sentinels know no primary')
      return primary
    },
    onSwitch: switches.on,
    close() {
      for (const post of links.values()) post.close()
    },
  }
}

/** One sentinel: a connection for queries, and one for its announcements. */
interface SentinelLink {
  /** The sentinel's run id, once it has answered. */
  readonly id: string | null
  /** Why it does not answer. */
  readonly trouble: string | null
  /** null if it does not answer, or does not know the primary. */
  report(): Promise<SentinelReport | null>
  close(): void
}

interface SentinelLinkNeeds {
  readonly name: string
  readonly connection: () => Redis
  readonly onSwitch: () => void
  readonly clock: Clock
}

function openSentinelLink({ name, connection, onSwitch, clock }: SentinelLinkNeeds): SentinelLink {
  const [queries, announcements] = [connection(), connection()]
  let id: string | null = null
  let trouble: string | null = null
  for (const each of [queries, announcements]) {
    each.on('error', (fault: Error) => {
      trouble = messageOf(fault)
    })
    each.connect().catch(() => undefined)
  }
  announcements.on('ready', () => void announcements.subscribe('+switch-master').catch(() => undefined))
  // `<name> <old host> <old port> <new host> <new port>`
  announcements.on('message', (_channel: string, text: string) => {
    if (text.startsWith(`${name} `)) onSwitch()
  })

  async function ask(): Promise<SentinelReport | null> {
    await connected(queries, clock)
    const sentinel = (...words: readonly string[]): Promise<unknown> => queries.call('SENTINEL', ...words)
    const about = ['GET-MASTER-ADDR-BY-NAME', 'MASTER', 'REPLICAS', 'SENTINELS'].map((word) => sentinel(word, name))
    const [own, [address, primary, replicas, sentinels]] = await Promise.all([sentinel('MYID'), Promise.all(about)])
    return readReport({ id: own, address, primary, replicas, sentinels })
  }

  return {
    get id() {
      return id
    },
    get trouble() {
      return trouble
    },
    async report() {
      try {
        const found = await ask()
        id = found?.id ?? id
        trouble = found ? null : `it does not know a primary named ${name}`
        return found
      } catch (fault) {
        trouble ??= messageOf(fault)
        return null
      }
    },
    close() {
      for (const each of [queries, announcements]) each.disconnect()
    },
  }
}

/** @throws if the connection is not open in time */
function connected(connection: Redis, clock: Clock): Promise<void> {
  if (connection.status === 'ready') return Promise.resolve()
  if (connection.status !== 'connecting' && connection.status !== 'connect') return Promise.reject(new Error('no connection'))
  return new Promise((resolve, reject) => {
    const end = (how: () => void) => () => {
      alarm.cancel()
      for (const [event, listener] of listeners) connection.off(event, listener)
      how()
    }
    const fail = end(() => reject(new Error('no connection')))
    const listeners = [['ready', end(resolve)] as const, ['close', fail] as const]
    const alarm = clock.after(connectedWithinMs, fail)
    for (const [event, listener] of listeners) connection.on(event, listener)
  })
}

/** Waits for all reports, but not for a minority that takes longer than the others. */
function reportsOf(requests: readonly Promise<SentinelReport | null>[], clock: Clock): Promise<readonly SentinelReport[]> {
  return new Promise((resolve) => {
    const reports: SentinelReport[] = []
    let open = requests.length
    const settle = (report: SentinelReport | null): void => {
      open -= 1
      if (report) reports.push(report)
      if (open === 0) resolve([...reports])
      else if (reports.length > requests.length / 2) clock.after(graceMs, () => resolve([...reports]))
    }
    for (const each of requests) void each.then(settle)
  })
}
