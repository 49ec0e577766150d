import type { Redis } from 'ioredis'
import type { Clock, Milliseconds } from '../../base/clock.js'
import { createEmitter } from '../../base/emitter.js'
import { messageOf } from '../../base/errors.js'
import type { HostPort } from '../../config/config.js'
import { type Quorum, quorumOf, readReport, type SentinelReport } from './quorum.js'
import { addressOf } from './replication.js'

/** The sentinels that watch the network's primary: those that are configured, and those that they name. */
export interface Sentinels {
  /** Asks all of them now. */
  ask(): Promise<Quorum>
  /** Where they see the primary now. @throws where none of them can tell */
  primary(): Promise<HostPort>
  /** One of them has announced another primary. */
  onSwitch(listener: () => void): () => void
  close(): void
}

export interface SentinelNeeds {
  readonly addresses: readonly HostPort[]
  /** The name under which they know the primary. */
  readonly name: string
  /** A connection to one of them, not opened yet. */
  readonly connect: (address: HostPort) => Redis
  readonly clock: Clock
}

/** When a majority has answered, how long the others are waited for. */
const graceMs: Milliseconds = 100
/** The first answer of a connection that is being made. */
const connectedWithinMs: Milliseconds = 1_000
/** More than that are not learned from the others. */
const mostSentinels = 15

export function createSentinels({ addresses, name, connect, clock }: SentinelNeeds): Sentinels {
  const posts = new Map<string, Post>()
  const switches = createEmitter<[]>(() => undefined)
  for (const address of addresses) add(address)

  function add(address: HostPort): void {
    posts.set(addressOf(address), openPost({ name, connection: () => connect(address), onSwitch: switches.emit, clock }))
  }

  /** Sentinels that the others name are asked next time. */
  function learn(reports: readonly SentinelReport[]): void {
    for (const { id, host, port } of reports.flatMap(({ others }) => others)) {
      const isKnown = posts.has(addressOf({ host, port })) || [...posts.values()].some((post) => post.id === id)
      if (!isKnown && id !== '' && posts.size < mostSentinels) add({ host, port })
    }
  }

  async function ask(): Promise<Quorum> {
    const asked = [...posts]
    const reports = await answersOf(
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
      for (const post of posts.values()) post.close()
    },
  }
}

/** One sentinel: a connection that asks it, and one that listens to its announcements. */
interface Post {
  /** Its run id, once it has answered. */
  readonly id: string | null
  /** Why it does not answer. */
  readonly trouble: string | null
  /** null where it does not answer, or does not know the primary. */
  report(): Promise<SentinelReport | null>
  close(): void
}

interface PostNeeds {
  readonly name: string
  readonly connection: () => Redis
  readonly onSwitch: () => void
  readonly clock: Clock
}

function openPost({ name, connection, onSwitch, clock }: PostNeeds): Post {
  const [asked, heard] = [connection(), connection()]
  let id: string | null = null
  let trouble: string | null = null
  for (const each of [asked, heard]) {
    each.on('error', (fault: Error) => {
      trouble = messageOf(fault)
    })
    each.connect().catch(() => undefined)
  }
  heard.on('ready', () => void heard.subscribe('+switch-master').catch(() => undefined))
  // `<name> <old host> <old port> <new host> <new port>`
  heard.on('message', (_channel: string, text: string) => {
    if (text.startsWith(`${name} `)) onSwitch()
  })

  async function ask(): Promise<SentinelReport | null> {
    await connected(asked, clock)
    const sentinel = (...words: readonly string[]): Promise<unknown> => asked.call('SENTINEL', ...words)
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
        trouble = found ? null : `it knows no primary by the name ${name}`
        return found
      } catch (fault) {
        trouble ??= messageOf(fault)
        return null
      }
    },
    close() {
      for (const each of [asked, heard]) each.disconnect()
    },
  }
}

/** @throws where it is not made in time */
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

/** All reports; of a minority that takes longer than the others, none. */
function answersOf(asked: readonly Promise<SentinelReport | null>[], clock: Clock): Promise<readonly SentinelReport[]> {
  return new Promise((resolve) => {
    const reports: SentinelReport[] = []
    let open = asked.length
    const settle = (report: SentinelReport | null): void => {
      open -= 1
      if (report) reports.push(report)
      if (open === 0) resolve([...reports])
      else if (reports.length > asked.length / 2) clock.after(graceMs, () => resolve([...reports]))
    }
    for (const each of asked) void each.then(settle)
  })
}
