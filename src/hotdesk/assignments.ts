import { createEmitter } from '../base/emitter.js'
import { type DeviceId, type Extension, parseDeviceId, parseExtension } from '../base/identity.js'
import type { Logger } from '../base/logger.js'
import type { Replica } from '../store/store.js'
import { type AssignmentChange, type Cause, causes, type Hotdesk } from './contract.js'

/** The two hashes as the copy in memory has them, and what is new in them. */
export interface Assignments extends Pick<Hotdesk, 'devicesOf' | 'userOn' | 'isDraining' | 'onChange' | 'onRefreshWanted'> {
  /** Everybody who sits somewhere. */
  all(): Iterable<readonly [DeviceId, Extension]>
  /** The two hashes are not each other's mirror. */
  isOneSided(): boolean
  close(): void
}

export interface AssignmentNeeds {
  readonly replica: Replica
  readonly log: Logger
}

const nobody: ReadonlyMap<string, string> = new Map()

export function createAssignments({ replica, log }: AssignmentNeeds): Assignments {
  const onFault = (err: unknown) => log.error({ event: 'node.fault', err }, 'a listener of the assignments failed')
  const changes = createEmitter<[AssignmentChange]>(onFault)
  const wishes = createEmitter<[DeviceId]>(onFault)
  let known = new Map(seats(replica))
  /** The phone's count of wishes when its last change was told. */
  const toldEpochs = new Map<string, string>()
  const wishedEpochs = new Map<string, string>()
  for (const key of replica.keysUnder('device:')) note(key.slice('device:'.length))

  function note(device: string): void {
    const epoch = epochOf(replica, device)
    toldEpochs.set(device, epoch)
    wishedEpochs.set(device, epoch)
  }

  function tellChanges(): void {
    const before = known
    known = new Map(seats(replica))
    for (const device of new Set([...before.keys(), ...known.keys()])) {
      const change = { device, before: before.get(device) ?? null, after: known.get(device) ?? null }
      if (change.before !== change.after) changes.emit({ ...change, cause: causeOf(device) })
    }
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
    const epoch = epochOf(replica, device)
    if (epoch === wishedEpochs.get(device)) return
    wishedEpochs.set(device, epoch)
    if (epoch !== '') wishes.emit(device)
  }

  const stop = replica.onChange((key) => {
    if (key === 'devices') tellChanges()
    else if (key.startsWith('device:')) tellWish(key)
  })

  return {
    devicesOf: (extension) => devicesIn(replica.hash('users')?.get(extension)),
    userOn: (device) => known.get(device) ?? null,
    isDraining: (device) => known.has(device) && replica.hash(`device:${device}`)?.get('state') === 'draining',
    onChange: changes.on,
    onRefreshWanted: wishes.on,
    all: () => known,
    isOneSided: () => oneSided(replica.hash('users') ?? nobody, replica.hash('devices') ?? nobody),
    close: stop,
  }
}

function* seats(replica: Replica): Generator<readonly [DeviceId, Extension]> {
  for (const [id, number] of replica.hash('devices') ?? nobody) {
    const device = parseDeviceId(id)
    const extension = parseExtension(number)
    if (device && extension) yield [device, extension]
  }
}

function devicesIn(list: string | undefined): readonly DeviceId[] {
  return (list ?? '').split(/\s+/).flatMap((id) => parseDeviceId(id) ?? [])
}

function epochOf(replica: Replica, device: string): string {
  return replica.hash(`device:${device}`)?.get('epoch') ?? ''
}

function oneSided(users: ReadonlyMap<string, string>, devices: ReadonlyMap<string, string>): boolean {
  let pairs = 0
  for (const [extension, list] of users) {
    for (const device of list.split(/\s+/)) {
      if (devices.get(device) !== extension) return true
      pairs++
    }
  }
  return pairs !== devices.size
}
