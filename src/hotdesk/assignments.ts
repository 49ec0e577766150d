import { createEmitter } from '../base/emitter.js'
import { type DeviceId, type Extension, parseDeviceId, parseExtension } from '../base/identity.js'
import type { Logger } from '../base/logger.js'
import type { Replica } from '../store/store.js'
import { type AssignmentChange, type Cause, causes, type Hotdesk } from './contract.js'

/** The two hashes as the copy in memory has them, and what is new in them. */
export interface Assignments extends Pick<Hotdesk, 'devicesOf' | 'userOn' | 'isDraining' | 'onChange' | 'onRefreshWanted'> {
  /** Everybody who sits somewhere. */
  all(): Iterable<readonly [DeviceId, Extension]>
  draining(): Iterable<DeviceId>
  close(): void
}

export interface AssignmentNeeds {
  readonly replica: Replica
  readonly log: Logger
}

export function createAssignments({ replica, log }: AssignmentNeeds): Assignments {
  const onFault = (err: unknown) => log.error({ event: 'node.fault', err }, 'a listener of the assignments failed')
  const changes = createEmitter<[AssignmentChange]>(onFault)
  const wishes = createEmitter<[DeviceId]>(onFault)
  const known = new Map<DeviceId, Extension>()
  const drained = new Set<DeviceId>()
  /** The phone's count of wishes when its last change was told. */
  const toldEpochs = new Map<string, string>()
  const wishedEpochs = new Map<string, string>()

  function begin(): void {
    for (const id of replica.hash('devices')?.keys() ?? []) {
      seat(id)
      noteDraining(id)
    }
    for (const key of replica.keysUnder('device:')) {
      const device = key.slice('device:'.length)
      const epoch = epochOf(replica, device)
      toldEpochs.set(device, epoch)
      wishedEpochs.set(device, epoch)
    }
  }

  /** Who sits there now; null where that is nothing new. */
  function seat(id: string): Omit<AssignmentChange, 'cause'> | null {
    const device = parseDeviceId(id)
    if (!device) return null
    const before = known.get(device) ?? null
    const after = parseExtension(replica.hash('devices')?.get(id) ?? '')
    if (after) known.set(device, after)
    else known.delete(device)
    return before === after ? null : { device, before, after }
  }

  function tellChanges(fields: readonly string[]): void {
    const news = fields.flatMap((id) => seat(id) ?? [])
    for (const { device } of news) noteDraining(device)
    for (const change of news) changes.emit({ ...change, cause: causeOf(change.device) })
  }

  /** Somebody sits at a phone that was removed until its last call ends. */
  function isDraining(device: DeviceId): boolean {
    const record = replica.hash(`device:${device}`)
    return known.has(device) && (record === undefined || record.get('state') === 'draining')
  }

  function noteDraining(id: string): void {
    const device = parseDeviceId(id)
    if (device && isDraining(device)) drained.add(device)
    else if (device) drained.delete(device)
  }

  // A cause belongs to one change: an edit by hand leaves the one of the change before it in the record.
  function causeOf(device: DeviceId): Cause {
    const epoch = epochOf(replica, device)
    const written = replica.hash(`device:${device}`)?.get('cause')
    const cause = epoch === toldEpochs.get(device) ? undefined : causes.find((word) => word === written)
    toldEpochs.set(device, epoch)
    return cause ?? 'edited'
  }

  function tellWish(key: string): void {
    const device = parseDeviceId(key.slice('device:'.length))
    if (!device) return
    noteDraining(device)
    const epoch = epochOf(replica, device)
    if (epoch === wishedEpochs.get(device)) return
    wishedEpochs.set(device, epoch)
    if (epoch !== '') wishes.emit(device)
  }

  const stop = replica.onChange((key, fields) => {
    if (key === 'devices') tellChanges(fields)
    else if (key.startsWith('device:')) tellWish(key)
  })
  begin()

  return {
    devicesOf: (extension) => devicesIn(replica.hash('users')?.get(extension)),
    userOn: (device) => known.get(device) ?? null,
    isDraining,
    onChange: changes.on,
    onRefreshWanted: wishes.on,
    all: () => known,
    draining: () => drained,
    close: stop,
  }
}

function devicesIn(list: string | undefined): readonly DeviceId[] {
  return (list ?? '').split(/\s+/).flatMap((id) => parseDeviceId(id) ?? [])
}

function epochOf(replica: Replica, device: string): string {
  return replica.hash(`device:${device}`)?.get('epoch') ?? ''
}
