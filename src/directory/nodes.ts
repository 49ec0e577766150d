import { randomBytes } from 'node:crypto'
import { type Clock, every, type Milliseconds, pause, systemClock } from '../base/clock.js'
import { type AppError, errors, isAppError, messageOf } from '../base/errors.js'
import type { NodeName, SiteName } from '../base/identity.js'
import type { Logger } from '../base/logger.js'
import { isOfEarlierStart, lifeOf, type ProcessIdentity, thisProcess } from '../base/process-identity.js'
import type { Store } from '../store/store.js'
import type { FormerLives } from './previous-starts.js'
import { passportsField } from './records.js'

/** This node among the living nodes of the network, for as long as it sends heartbeats. */
export interface Membership {
  /**
   * Resolves when the node has its name, or when Redis is away: then it takes the name when Redis is back.
   * Rejects with AppError NODE_NAME_TAKEN when another living process has it.
   */
  readonly joined: Promise<void>
  /** Another living process has the name, and had it first: this one must end. */
  onTaken(listener: () => void): () => void
  /** Gives the name back at once. */
  close(): Promise<void>
}

export interface MembershipNeeds {
  readonly store: Store
  readonly node: NodeName
  /** Names this start of the node, see `newBoot`. */
  readonly boot: string
  readonly site: SiteName
  /** `udp:192.0.2.10:5060` */
  readonly sip: string
  readonly version: string
  /** What people of this site know as a call for help, wherever they are. */
  readonly emergency: readonly string[]
  /** The extension that nobody may have because of the dial codes of this site; '' or absent: none. */
  readonly reserved?: string
  /** Version of the function library that this program calls: while the node lives, no newer one takes its place. */
  readonly library: number
  /** Absent: none is remembered. */
  readonly formerLives?: FormerLives
  readonly clock: Clock
  readonly log: Logger
}

const beatMs = 5_000
const lifeSeconds = 15
const pollMs = 500

/** A holder of our own past that sends no heartbeat for this long has ended: a living one sends one every five seconds. */
const formerSilenceMs = 7_000

/** Clocks of two Redis servers, before and after a failover, may differ by this much. */
const renewalMs = 250

/**
 * A name for one start of a node: what an earlier start wrote about its calls no longer counts. Names sort by the time of their start, which
 * decides between two processes that both believe the node's name to be theirs.
 */
export function newBoot(now: Milliseconds = systemClock.now()): string {
  return (
    Math.floor(now / 1_000)
      .toString(16)
      .padStart(9, '0') + randomBytes(3).toString('hex')
  )
}

/** The same, and waits until the node has its name. @throws AppError NODE_NAME_TAKEN when another living process has it */
export async function joinNetwork(needs: MembershipNeeds): Promise<Membership> {
  const membership = startMembership(needs)
  try {
    await membership.joined
    return membership
  } catch (fault) {
    await membership.close()
    throw fault
  }
}

/** Takes the node's name, waiting up to 15 s for a holder that may have died, and keeps it with heartbeats. */
export function startMembership(needs: MembershipNeeds): Membership {
  const { store, node, boot, site, sip, version, emergency, reserved = '', library, clock, log } = needs
  const described = {
    site,
    sip,
    version,
    emergency: emergency.join(' '),
    reserved,
    library: String(library),
    process: thisProcess(),
    passports: passportsField(boot),
  }
  const fields = Object.entries(described).flat()
  const listeners = new Set<() => void>()
  let isMember = false
  let isClosed = false
  let claiming: Promise<Claim> | null = null

  /** `-` replaces no process. */
  async function join(replaces: string): Promise<string> {
    const reply = await store.call('hotdesk_join', node, boot, replaces, String(lifeSeconds), ...fields)
    if (reply === 'JOINED') isMember = true
    return reply
  }

  function claim(): Promise<Claim> {
    const isElder = (other: string): boolean => isMember && boot < other
    claiming ??= claimName({ ...needs, join, isClosed: () => isClosed, isElder, isMember: () => isMember }).finally(() => {
      claiming = null
    })
    return claiming
  }

  async function beat(): Promise<void> {
    if (store.state === 'lost' || claiming || isClosed) return
    if ((await join('-')) === 'JOINED') return
    const outcome = await claim()
    if (outcome.word !== 'taken') return
    log.error({ event: 'node.fault', node }, `another process has the node name "${node}": ${outcome.by}`)
    for (const listener of listeners) listener()
  }

  const stumbled = (fault: unknown) => log.warn({ event: 'store.waiting' }, `heartbeat of this node: ${messageOf(fault)}`)
  const joined = claim().then((outcome) => {
    if (outcome.word === 'taken') throw nameTaken(node, outcome.by)
  })
  // The composition root awaits it later.
  joined.catch(() => undefined)
  const heart = every(clock, beatMs, beat, stumbled)
  const beatNow = (): void => void beat().catch(stumbled)
  const stops = [
    store.onState((state) => {
      if (state === 'connected') beatNow()
    }),
    // Deleted by hand, or with everything else.
    store.replica.onChange((key) => {
      if (key === `node:${node}` && !store.replica.hash(key)) beatNow()
    }),
  ]

  return {
    joined,
    onTaken(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    async close() {
      isClosed = true
      heart.cancel()
      for (const stop of stops) stop()
      await store.call('hotdesk_leave', node, boot).catch(stumbled)
    },
  }
}

/** `later`: Redis is away, or the node ends. */
type Claim = { readonly word: 'ours' | 'later' } | { readonly word: 'taken'; readonly by: ProcessIdentity }

interface ClaimNeeds extends MembershipNeeds {
  readonly join: (replaces: string) => Promise<string>
  readonly isClosed: () => boolean
  /** We had the name before that start took it. */
  readonly isElder: (boot: string) => boolean
  /** We have had the name. */
  readonly isMember: () => boolean
}

interface Holder {
  readonly process: ProcessIdentity
  readonly boot: string
  /** What is left of its time. */
  readonly left: Milliseconds
}

/** Tries until the name is ours, or its holder shows that it lives. */
async function claimName(needs: ClaimNeeds): Promise<Claim> {
  const { store, join, isClosed, clock, node, log } = needs
  let watched: Watch | null = null
  for (let replaces = '-'; store.state === 'connected' && !isClosed(); ) {
    const reply = await join(replaces).catch(withoutRedis)
    const holder = holderIn(reply)
    if (!holder) return { word: reply === 'JOINED' ? 'ours' : 'later' }
    const isNew = watched?.boot !== holder.boot
    const since: Milliseconds = !watched || isNew ? clock.now() : watched.since
    const life = judge(holder, { since, left: !watched || isNew ? holder.left : watched.left }, needs)
    if (life === 'alive') return { word: 'taken', by: holder.process }
    watched = { boot: holder.boot, left: holder.left, since }
    replaces = life === 'gone' ? holder.boot : '-'
    if (life === 'gone') continue
    if (isNew) log.info({ event: 'store.waiting' }, `waiting for the node name "${node}": its last holder may still live`)
    await pause(clock, pollMs)
  }
  return { word: 'later' }
}

/** What was seen of a holder that cannot be judged otherwise. */
interface Watch {
  readonly boot: string
  readonly left: Milliseconds
  readonly since: Milliseconds
}

function judge(
  holder: Holder,
  watched: Omit<Watch, 'boot'>,
  { formerLives, isElder, isMember, clock }: ClaimNeeds,
): 'alive' | 'gone' | 'unknown' {
  const life = lifeOf(holder.process)
  if (life === 'gone' || isElder(holder.boot)) return 'gone'
  if (life === 'alive') return 'alive'
  const place = formerLives?.placeOf(holder.boot) ?? null
  // One that takes the name back from us lives: the data folder is a copy of its own.
  if (place === 'here' && isOfEarlierStart(holder.process) && !isMember()) return 'gone'
  // A holder out of our sight shows that it lives by renewing its time.
  if (holder.left > watched.left + renewalMs) return 'alive'
  const silence = place === null ? lifeSeconds * 1_000 : formerSilenceMs
  return clock.now() - watched.since >= silence ? 'gone' : 'unknown'
}

function holderIn(reply: string): Holder | null {
  const [word, process = '', left = '', boot = ''] = reply.split(' ')
  return word === 'TAKEN' ? { process, boot, left: Number(left) } : null
}

function nameTaken(node: NodeName, by: ProcessIdentity): AppError {
  return errors.NODE_NAME_TAKEN.running({ node, process: by })
}

function withoutRedis(fault: unknown): string {
  if (isAppError(fault, 'STORE_UNAVAILABLE')) return 'LATER'
  throw fault
}
