import { randomBytes } from 'node:crypto'
import { type Clock, every, type Milliseconds, pause, systemClock } from '../../base/clock.js'
import { type AppError, errors, isAppError, messageOf } from '../../base/errors.js'
import { isOfEarlierStart, lifeOf, type ProcessIdentity, thisProcess } from '../../base/host/process-identity.js'
import type { NodeName, SiteName } from '../../base/identity.js'
import type { Logger } from '../../base/logger.js'
import type { Store } from '../../store/store.js'
import { hopTokensText, takesText } from '../records.js'
import type { PreviousStarts } from './previous-starts.js'
import { createSiteRecord, type PublishedPlan } from './site-record.js'

/** This node's membership in the network, kept by heartbeats. */
export interface Membership {
  /**
   * Resolves when the node has its name, or if Redis is lost; then it takes the name when Redis is back.
   * Rejects with AppError NODE_NAME_TAKEN if another live process has the name.
   */
  readonly joined: Promise<void>
  /** Publishes what a reload of the dial plan has changed, at once or when Redis is back. */
  publish(site: PublishedPlan): void
  /** Whether other nodes are to take over what only one node of the site does. */
  announce(state: 'open' | 'draining'): void
  /** Another live process has the name, and had it first: this one must end. */
  onTaken(listener: () => void): () => void
  /** Releases the name at once. */
  close(): Promise<void>
}

export interface MembershipNeeds extends PublishedPlan {
  readonly store: Store
  readonly node: NodeName
  /** Identifies this start of the node, see `newBoot`. */
  readonly boot: string
  readonly site: SiteName
  /** `udp:192.0.2.10:5060` */
  readonly sip: string
  readonly version: string
  /** Ids of the receivers of events in the node's configuration; absent: none. */
  readonly webhooks?: readonly string[]
  /** Version of the function library that this program calls. While the node is alive, no newer one replaces it. */
  readonly library: number
  /** Absent: no previous starts are known. */
  readonly previousStarts?: PreviousStarts
  readonly clock: Clock
  readonly log: Logger
}

const heartbeatMs = 5_000
const nameTtlSeconds = 15
const pollMs = 500

/** A previous start of this node has ended if it sends no heartbeat for this long. A live process sends one every five seconds. */
const previousStartSilenceMs = 7_000

/** The clocks of two Redis servers, before and after a failover, may differ by this much. */
const renewalMs = 250

/**
 * Identifies one start of a node: what an earlier start wrote about its calls no longer counts. Values sort by the time of the start, which
 * decides between two processes that both claim the node's name.
 */
export function newBoot(now: Milliseconds = systemClock.now()): string {
  return (
    Math.floor(now / 1_000)
      .toString(16)
      .padStart(9, '0') + randomBytes(3).toString('hex')
  )
}

/** The same as `startMembership`, and waits for the name. @throws AppError NODE_NAME_TAKEN if another live process has it */
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

/** Takes the node's name, and keeps it with heartbeats. Waits up to 15 s if the previous holder may have died. */
export function startMembership(needs: MembershipNeeds): Membership {
  const { store, node, boot, site, sip, version, library, webhooks = [], clock, log } = needs
  const described = {
    site,
    sip,
    version,
    library: String(library),
    process: thisProcess(),
    passports: hopTokensText(boot),
    takes: takesText(boot),
    // With the boot, because a node that takes over the name may leave the field as it is.
    webhooks: [boot, ...webhooks].join(' '),
  }
  const listeners = new Set<() => void>()
  const siteRecord = createSiteRecord(needs)
  /** With the boot, like `webhooks`. */
  let drains = ''
  let isMember = false
  let isClosed = false
  let claiming: Promise<Claim> | null = null

  /** `-` replaces no process. */
  async function join(replaces: string): Promise<string> {
    const reply = await store.call(
      'hotdesk_join',
      node,
      boot,
      replaces,
      String(nameTtlSeconds),
      ...Object.entries({ ...described, ...siteRecord.inHeartbeat, drains }).flat(),
    )
    if (reply === 'JOINED') isMember = true
    if (reply === 'JOINED') await siteRecord.update()
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

  const reportFault = (fault: unknown) => log.warn({ event: 'store.waiting' }, `heartbeat of this node: ${messageOf(fault)}`)
  const joined = claim().then((outcome) => {
    if (outcome.word === 'taken') throw nameTaken(node, outcome.by)
  })
  // The composition root awaits it later.
  joined.catch(() => undefined)
  const heartbeats = every(clock, heartbeatMs, beat, reportFault)
  const beatNow = (): void => void beat().catch(reportFault)
  const stops = [
    store.onState((state) => {
      if (state !== 'connected') return
      siteRecord.check()
      beatNow()
    }),
    // The record was deleted by hand, or by FLUSHALL.
    store.replica.onChange((key) => {
      if (key === `node:${node}` && !store.replica.hash(key)) beatNow()
      if (key === `site:${site}` && siteRecord.follow() === 'lost') beatNow()
    }),
  ]

  return {
    joined,
    publish(changed) {
      siteRecord.publish(changed)
      beatNow()
    },
    announce(state) {
      drains = state === 'draining' ? boot : ''
      beatNow()
    },
    onTaken(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    async close() {
      isClosed = true
      heartbeats.cancel()
      for (const stop of stops) stop()
      await store.call('hotdesk_leave', node, boot).catch(reportFault)
    },
  }
}

/** `later`: Redis is lost, or the node is stopping. */
type Claim = { readonly word: 'ours' | 'later' } | { readonly word: 'taken'; readonly by: ProcessIdentity }

interface ClaimNeeds extends MembershipNeeds {
  readonly join: (replaces: string) => Promise<string>
  readonly isClosed: () => boolean
  /** This node had the name before that start took it. */
  readonly isElder: (boot: string) => boolean
  /** This node has had the name. */
  readonly isMember: () => boolean
}

interface Holder {
  readonly process: ProcessIdentity
  readonly boot: string
  /** The remaining time of its key. */
  readonly left: Milliseconds
}

/** Tries until the name is ours, or its holder proves to be alive. */
async function claimName(needs: ClaimNeeds): Promise<Claim> {
  const { store, join, isClosed, clock, node, log } = needs
  let watched: Watch | null = null
  for (let replaces = '-'; store.state === 'connected' && !isClosed(); ) {
    const reply = await join(replaces).catch(withoutRedis)
    const holder = holderIn(reply)
    if (!holder) return { word: reply === 'JOINED' ? 'ours' : 'later' }
    const isNew = watched?.boot !== holder.boot
    const since: Milliseconds = !watched || isNew ? clock.now() : watched.since
    const life = holderState(holder, { since, left: !watched || isNew ? holder.left : watched.left }, needs)
    if (life === 'alive') return { word: 'taken', by: holder.process }
    watched = { boot: holder.boot, left: holder.left, since }
    replaces = life === 'gone' ? holder.boot : '-'
    if (life === 'gone') continue
    if (isNew) log.info({ event: 'store.waiting' }, `waiting for the node name "${node}": its last holder may still be alive`)
    await pause(clock, pollMs)
  }
  return { word: 'later' }
}

/** Observations of a holder whose process is not visible from here. */
interface Watch {
  readonly boot: string
  readonly left: Milliseconds
  readonly since: Milliseconds
}

function holderState(
  holder: Holder,
  watched: Omit<Watch, 'boot'>,
  { previousStarts, isElder, isMember, clock }: ClaimNeeds,
): 'alive' | 'gone' | 'unknown' {
  const life = lifeOf(holder.process)
  if (life === 'gone' || isElder(holder.boot)) return 'gone'
  if (life === 'alive') return 'alive'
  const machine = previousStarts?.machineOf(holder.boot) ?? null
  // If it has taken the name back from us, it is alive, and our data folder is a copy of its folder.
  if (machine === 'here' && isOfEarlierStart(holder.process) && !isMember()) return 'gone'
  // A holder on another machine proves to be alive by renewing its key.
  if (holder.left > watched.left + renewalMs) return 'alive'
  const silence = machine === null ? nameTtlSeconds * 1_000 : previousStartSilenceMs
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
