import { createEmitter } from '../base/emitter.js'
import { type DeviceId, type Extension, parseDeviceId, parseExtension } from '../base/identity.js'
import type { Logger } from '../base/logger.js'
import type { Replica } from '../store/store.js'
import { type AssignmentChange, type Cause, causes, type Hotdesk } from './contract.js'

/** The hashes `users` and `devices` in this node's copy, and their changes. */
export interface Assignments extends Pick<Hotdesk, 'devicesOf' | 'userOn' | 'isDraining' | 'onChange'> {
  all(): Iterable<readonly [DeviceId, Extension]>
  draining(): Iterable<DeviceId>
  close(): void
}

export interface AssignmentNeeds {
  readonly replica: Replica
  readonly log: Logger
}

export function createAssignments({ replica, log }: AssignmentNeeds): Assignments {
  const onFault = (err: unknown) => log.error({ event: 'node.fault', err }, 'a listener to changes of assignments failed')
  const changes = createEmitter<[AssignmentChange]>(onFault)
  const known = new Map<DeviceId, Extension>()
  const drained = new Set<DeviceId>()
  /** The epoch of each phone's record at its last change. */
  const changeEpochs = new Map<string, string>()

  function begin(): void {
    for (const id of replica.hash('devices')?.keys() ?? []) {
      readUser(id)
      noteDraining(id)
    }
    for (const key of replica.keysUnder('device:')) {
      const device = key.slice('device:'.length)
      changeEpochs.set(device, epochOf(replica, device))
    }
  }

  /** Updates the user of a phone; null if it is unchanged. */
  function readUser(id: string): Omit<AssignmentChange, 'cause'> | null {
    const device = parseDeviceId(id)
    if (!device) return null
    const before = known.get(device) ?? null
    const after = parseExtension(replica.hash('devices')?.get(id) ?? '')
    if (after) known.set(device, after)
    else known.delete(device)
    return before === after ? null : { device, before, after }
  }

  function emitChanges(fields: readonly string[]): void {
    const changed = fields.flatMap((id) => readUser(id) ?? [])
    for (const { device } of changed) noteDraining(device)
    for (const change of changed) changes.emit({ ...change, cause: causeOf(change.device) })
  }

  /** A phone without a record drains: it keeps its user until its last call ends. */
  function isDraining(device: DeviceId): boolean {
    const record = replica.hash(`device:${device}`)
    return known.has(device) && (record === undefined || record.get('state') === 'draining')
  }

  function noteDraining(id: string): void {
    const device = parseDeviceId(id)
    if (device && isDraining(device)) drained.add(device)
    else if (device) drained.delete(device)
  }

  // The cause in the record belongs to the change that raised the epoch. After an edit by hand it is that of an earlier change.
  function causeOf(device: DeviceId): Cause {
    const epoch = epochOf(replica, device)
    const written = replica.hash(`device:${device}`)?.get('cause')
    const cause = epoch === changeEpochs.get(device) ? undefined : causes.find((word) => word === written)
    changeEpochs.set(device, epoch)
    return cause ?? 'edited'
  }

  const stop = replica.onChange((key, fields) => {
    if (key === 'devices') emitChanges(fields)
    else if (key.startsWith('device:')) noteDraining(key.slice('device:'.length))
  })
  begin()

  return {
    devicesOf: (extension) => devicesIn(replica.hash('users')?.get(extension)),
    userOn: (device) => known.get(device) ?? null,
    isDraining,
    onChange: changes.on,
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
