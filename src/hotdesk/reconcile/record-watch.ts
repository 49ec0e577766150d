import { type Clock, every } from '../../base/clock.js'
import { isAppError } from '../../base/errors.js'
import type { DeviceId, Extension, NodeName } from '../../base/identity.js'
import type { Logger } from '../../base/logger.js'
import type { Metrics } from '../../base/metrics.js'
import type { Directory } from '../../directory/directory.js'
import type { Store } from '../../store/store.js'
import type { Assignments } from '../assignments.js'
import { reasonBarred } from '../barred.js'
import { readRefresh, reportForcedLogout } from './logout-replies.js'
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
 * Acts on edits to users and phones: a user who may no longer be logged in is logged out after the current call; otherwise the phone's
 * display is refreshed. One node does it for each phone.
 */
export function createRecordWatch(needs: RecordWatchNeeds): { close(): void } {
  const { store, directory, assignments, isQuiet, node, clock, log } = needs
  const { replica } = store
  const tasks = new Map<DeviceId, 'assigned' | 'edited'>()
  /** Phones whose user must be logged out; retried until it is done. */
  const leaving = new Set<DeviceId>()
  let isWorking = false

  function note(device: DeviceId, why: 'assigned' | 'edited'): void {
    if (why === 'edited' || !tasks.has(device)) tasks.set(device, why)
    work().catch(reportFault)
  }

  /** One phone at a time: an import can change thousands. */
  async function work(): Promise<void> {
    if (isWorking) return
    isWorking = true
    try {
      for (let next = takeTask(); next; next = takeTask()) await visit(...next).catch(reportFault)
    } finally {
      isWorking = false
    }
  }

  function takeTask(): readonly [DeviceId, 'assigned' | 'edited'] | null {
    const [task = null] = tasks
    if (task) tasks.delete(task[0])
    return task
  }

  async function visit(device: DeviceId, why: 'assigned' | 'edited'): Promise<void> {
    const isOurs = mayOwn(device, { replica, node })
    if (mustLeave(device)) {
      leaving.add(device)
      if (!isOurs || isQuiet(device)) return
      reportForcedLogout({ device, via: 'deleted', reply: await store.call('hotdesk_evict', device, node) }, needs)
    } else if (why === 'edited' && isOurs && hasShown(device)) {
      readRefresh(await store.call('hotdesk_refresh', device, 'automatic', node))
    }
  }

  function mustLeave(device: DeviceId): boolean {
    const extension = assignments.userOn(device)
    if (extension === null) return false
    return replica.hash(`device:${device}`) === undefined || reasonBarred(replica.hash(`user:${extension}`)) !== null
  }

  /** A phone that was never used has no display to refresh. */
  function hasShown(device: DeviceId): boolean {
    return replica.hash(`device:${device}`)?.has('epoch') === true || replica.hash(`reg:${device}`) !== undefined
  }

  function phonesOf(extension: Extension): readonly DeviceId[] {
    const own = directory.ownedBy(extension).filter(({ id }) => assignments.userOn(id) === null)
    return [...assignments.devicesOf(extension), ...own.map(({ id }) => id)]
  }

  function retryLeaving(): void {
    for (const device of leaving) {
      if (!mustLeave(device)) leaving.delete(device)
      else note(device, 'assigned')
    }
  }

  function reportFault(fault: unknown): void {
    if (isAppError(fault, 'STORE_UNAVAILABLE')) return
    log.error({ event: 'node.fault', err: fault }, 'an edit of a user or a phone could not be applied')
  }

  for (const [device] of assignments.all()) if (mustLeave(device)) note(device, 'assigned')
  const rounds = every(clock, roundMs, retryLeaving, reportFault)
  const stops = [
    directory.onUserChange((extension) => {
      for (const device of phonesOf(extension)) note(device, 'edited')
    }),
    directory.onDeviceChange((device) => note(device, 'edited')),
    assignments.onChange(({ device, after }) => {
      if (after !== null && mustLeave(device)) note(device, 'assigned')
    }),
  ]

  return {
    close() {
      rounds.cancel()
      for (const stop of stops) stop()
    },
  }
}
