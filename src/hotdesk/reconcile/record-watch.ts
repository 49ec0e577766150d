import { type Clock, every } from '../../base/clock.js'
import { isAppError } from '../../base/errors.js'
import type { DeviceId, Extension, NodeName } from '../../base/identity.js'
import type { Logger } from '../../base/logger.js'
import type { Metrics } from '../../base/metrics.js'
import type { Directory } from '../../directory/directory.js'
import type { Store } from '../../store/store.js'
import type { Assignments } from '../assignments.js'
import { reasonBarred } from '../barred.js'
import { readRefreshing, tellDeparture } from './logout-replies.js'
import { mayOwn } from './ownership.js'

export interface RecordWatchNeeds {
  readonly store: Store
  readonly directory: Directory
  readonly assignments: Assignments
  readonly isQuiet: (device: DeviceId) => boolean
  readonly node: NodeName
  readonly clock: Clock
  readonly log: Logger
  readonly metrics: Metrics
}

const roundMs = 4_000

/**
 * What follows when an installer edits, bars or removes a user or a phone: who may not sit there any more is logged out, when a call
 * has ended; anybody else's phone shows what was changed. One node does it for each phone.
 */
export function createRecordWatch(needs: RecordWatchNeeds): { close(): void } {
  const { store, directory, assignments, isQuiet, node, clock, log } = needs
  const { replica } = store
  const errands = new Map<DeviceId, 'seated' | 'edited'>()
  /** Seen to have somebody who must leave; asked again until it is so. */
  const leaving = new Set<DeviceId>()
  let isWorking = false

  function note(device: DeviceId, why: 'seated' | 'edited'): void {
    if (why === 'edited' || !errands.has(device)) errands.set(device, why)
    work().catch(stumbled)
  }

  /** One after the other: an import can touch thousands at once. */
  async function work(): Promise<void> {
    if (isWorking) return
    isWorking = true
    try {
      for (let next = takeErrand(); next; next = takeErrand()) await visit(...next).catch(stumbled)
    } finally {
      isWorking = false
    }
  }

  function takeErrand(): readonly [DeviceId, 'seated' | 'edited'] | null {
    const [errand = null] = errands
    if (errand) errands.delete(errand[0])
    return errand
  }

  async function visit(device: DeviceId, why: 'seated' | 'edited'): Promise<void> {
    const isOurs = mayOwn(device, { replica, node })
    if (mustLeave(device)) {
      leaving.add(device)
      if (!isOurs || isQuiet(device)) return
      tellDeparture({ device, via: 'deleted', reply: await store.call('hotdesk_evict', device, node) }, needs)
    } else if (why === 'edited' && isOurs && hasShown(device)) {
      readRefreshing(await store.call('hotdesk_refresh', device, 'automatic', node))
    }
  }

  function mustLeave(device: DeviceId): boolean {
    const extension = assignments.userOn(device)
    if (extension === null) return false
    return replica.hash(`device:${device}`) === undefined || reasonBarred(replica.hash(`user:${extension}`)) !== null
  }

  /** A phone that nobody has ever used has nothing to bring up to date. */
  function hasShown(device: DeviceId): boolean {
    return replica.hash(`device:${device}`)?.has('epoch') === true || replica.hash(`reg:${device}`) !== undefined
  }

  function phonesOf(extension: Extension): readonly DeviceId[] {
    const own = directory.ownedBy(extension).filter(({ id }) => assignments.userOn(id) === null)
    return [...assignments.devicesOf(extension), ...own.map(({ id }) => id)]
  }

  function askAgain(): void {
    for (const device of leaving) {
      if (!mustLeave(device)) leaving.delete(device)
      else note(device, 'seated')
    }
  }

  function stumbled(fault: unknown): void {
    if (isAppError(fault, 'STORE_UNAVAILABLE')) return
    log.error({ event: 'node.fault', err: fault }, 'a change of a user or a phone has not had its effect')
  }

  for (const [device] of assignments.all()) if (mustLeave(device)) note(device, 'seated')
  const rounds = every(clock, roundMs, askAgain, stumbled)
  const stops = [
    directory.onUserChange((extension) => {
      for (const device of phonesOf(extension)) note(device, 'edited')
    }),
    directory.onDeviceChange((device) => note(device, 'edited')),
    assignments.onChange(({ device, after }) => {
      if (after !== null && mustLeave(device)) note(device, 'seated')
    }),
  ]

  return {
    close() {
      rounds.cancel()
      for (const stop of stops) stop()
    },
  }
}
