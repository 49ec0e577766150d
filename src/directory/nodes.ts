import { randomBytes } from 'node:crypto'
import { type Clock, every, pause } from '../base/clock.js'
import { AppError, isAppError, messageOf } from '../base/errors.js'
import type { NodeName, SiteName } from '../base/identity.js'
import type { Logger } from '../base/logger.js'
import { lifeOf, thisProcess } from '../base/process-identity.js'
import type { Store } from '../store/store.js'

/** This node among the living nodes of the network, for as long as its heart beats. */
export interface Membership {
  /** Another start of this name has taken it over: this one must end. */
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
  /** Version of the function library that this program calls: while the node lives, no newer one takes its place. */
  readonly library: number
  readonly clock: Clock
  readonly log: Logger
}

const beatMs = 5_000
const lifeSeconds = 15
const pollMs = 500

/** A name for one start of a node: what an earlier start wrote about its calls counts no more. */
export function newBoot(): string {
  return randomBytes(6).toString('hex')
}

/**
 * Takes the node's name, or waits up to 15 s for one whose holder may have died; without Redis it is taken when Redis is there.
 * @throws AppError NODE_NAME_TAKEN when another living process has it
 */
export async function joinNetwork(needs: MembershipNeeds): Promise<Membership> {
  const { store, node, boot, site, sip, version, emergency, library, clock, log } = needs
  const told = { site, sip, version, emergency: emergency.join(' '), library: String(library), process: thisProcess() }
  const fields = Object.entries(told).flat()
  const listeners = new Set<() => void>()

  /** `-` replaces nobody. */
  function join(replaces: string): Promise<string> {
    return store.call('hotdesk_join', node, boot, replaces, String(lifeSeconds), ...fields)
  }

  async function beat(): Promise<void> {
    if (store.state === 'lost') return
    const reply = await join('-')
    if (reply === 'JOINED') return
    log.error({ event: 'node.fault', node }, `another process has taken the node name "${node}": ${reply}`)
    for (const listener of listeners) listener()
  }

  const stumbled = (fault: unknown) => log.warn({ event: 'store.waiting' }, `heartbeat of this node: ${messageOf(fault)}`)
  await takeName(join, needs)
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
    onTaken(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    async close() {
      heart.cancel()
      for (const stop of stops) stop()
      await store.call('hotdesk_leave', node, boot).catch(stumbled)
    },
  }
}

async function takeName(join: (replaces: string) => Promise<string>, { store, node, clock, log }: MembershipNeeds): Promise<void> {
  let leftBefore = 0
  for (let replaces = '-'; store.state === 'connected'; ) {
    const [word, holder = '', left = '', boot = ''] = (await join(replaces).catch(withoutRedis)).split(' ')
    if (word !== 'TAKEN') return
    const life = lifeOf(holder)
    // A holder out of our sight shows that it lives by renewing its time.
    if (life === 'alive' || (leftBefore > 0 && Number(left) > leftBefore))
      throw new AppError(
        'NODE_NAME_TAKEN',
        `a node named "${node}" is running already (process ${holder}); each node needs a name of its own`,
      )
    if (life === 'gone') replaces = boot
    else {
      if (leftBefore === 0) log.info({ event: 'store.waiting' }, `waiting for the node name "${node}": its last holder may still live`)
      leftBefore = Number(left)
      await pause(clock, pollMs)
    }
  }
}

function withoutRedis(fault: unknown): string {
  if (isAppError(fault, 'STORE_UNAVAILABLE')) return 'LATER'
  throw fault
}
