import type { Clock } from '../../base/clock.js'
import { type DeviceId, type NodeName, parseDeviceId, parseNodeName } from '../../base/identity.js'
import type { NetworkClock, Replica } from '../../store/store.js'

/** One Contact of a device (RFC 3261 §10.3), with the flow on which it was registered (RFC 5626). */
export interface Binding {
  readonly device: DeviceId
  /** Contact URI: the Request-URI of requests to the phone. */
  readonly contact: string
  /** Next hop of the flow: `sip:203.0.113.9:40312;transport=tcp`. */
  readonly flow: string
  /** Our end of the flow, `192.0.2.10:5062`, so that requests leave from the socket that the phone knows; `''` if it is unknown. */
  readonly local: string
  /** The Path (RFC 3327 §5.3), as the Route header of every request to the phone; `''` for a phone that registered directly. */
  readonly path: string
  readonly node: NodeName
  /** Epoch seconds, by the node's own clock in memory and by the clock of Redis in a record. */
  readonly expires: number
  readonly callId: string
  readonly cseq: number
  readonly userAgent: string
}

/** A binding with the data that only the registrar needs. */
export interface BoundContact extends Binding {
  /** `+sip.instance`, with its `reg-id` if there is one; `''` if the phone sends none. */
  readonly instance: string
  /** The digest algorithm of its credentials. */
  readonly digest: string
  /** What is between the phone and us: NAT if the port or address differs, a proxy if there is a second Via. */
  readonly intermediary: Intermediary
  /** The name that the phone uses for this network; `''` in a record of a version that did not write it. */
  readonly domain: string
  /** Time of the latest REGISTER, in the same clock; in Redis, of the latest one that changed more than the expiry. */
  readonly registered: number
}

const intermediaries = ['', 'nat', 'proxy'] as const
export type Intermediary = (typeof intermediaries)[number]

/** The hash `reg:<device>` in Redis. */
export type RegistrationRecord = ReadonlyMap<string, string>

/** Field of each member. The fields of a second contact end in `.2`, of a third in `.3`. All contacts are at the same `node`. */
const fieldOf = {
  contact: 'contact',
  flow: 'flow',
  local: 'local',
  path: 'path',
  intermediary: 'between',
  expires: 'expires',
  callId: 'call-id',
  cseq: 'cseq',
  userAgent: 'user-agent',
  instance: 'instance',
  digest: 'digest',
  domain: 'domain',
  registered: 'registered',
} as const

type Member = keyof typeof fieldOf
const members = Object.keys(fieldOf) as readonly Member[]
const stable: readonly Member[] = [
  'contact',
  'flow',
  'local',
  'path',
  'intermediary',
  'callId',
  'userAgent',
  'instance',
  'digest',
  'domain',
]

function fieldName(member: Member, index: number): string {
  return index === 0 ? fieldOf[member] : `${fieldOf[member]}.${index + 1}`
}

/** The whole record of a device, as HGETALL shows it to an operator. */
export function toRecord(node: NodeName, bindings: readonly BoundContact[]): Record<string, string> {
  const record: Record<string, string> = { node }
  bindings.forEach((binding, index) => {
    for (const member of members) {
      const text = String(binding[member])
      if (text !== '') record[fieldName(member, index)] = text
    }
  })
  return record
}

/** The fields of a refresh that changes nothing else. */
export function toExpiryFields(bindings: readonly BoundContact[]): Record<string, string> {
  return Object.fromEntries(bindings.map((binding, index) => [fieldName('expires', index), String(binding.expires)]))
}

/** The bindings in a record, without contacts whose fields were damaged by hand. */
function fromRecord(device: DeviceId, record: RegistrationRecord | undefined): readonly BoundContact[] {
  const node = parseNodeName(record?.get('node') ?? '')
  if (!record || !node) return []
  const bindings: BoundContact[] = []
  for (let index = 0; record.has(fieldName('contact', index)); index++) {
    const read = (member: Member): string => record.get(fieldName(member, index)) ?? ''
    const number = (member: Member): number => Number(read(member)) || 0
    if (read('flow') === '') continue
    bindings.push({
      device,
      node,
      contact: read('contact'),
      flow: read('flow'),
      local: read('local'),
      path: read('path'),
      intermediary: intermediaries.find((word) => word === read('intermediary')) ?? '',
      expires: number('expires'),
      callId: read('callId'),
      cseq: number('cseq'),
      userAgent: read('userAgent'),
      instance: read('instance'),
      digest: read('digest'),
      domain: read('domain'),
      registered: number('registered'),
    })
  }
  return bindings
}

/** Whether both are equal except for what changes with every refresh: expiry, CSeq and time. */
export function sameButExpiry(left: readonly BoundContact[], right: readonly BoundContact[]): boolean {
  return left.length === right.length && left.every((binding, index) => sameContact(binding, right[index]))
}

function sameContact(left: BoundContact, right: BoundContact | undefined): boolean {
  return right !== undefined && left.node === right.node && stable.every((member) => left[member] === right[member])
}

/** `+sip.instance` without `reg-id`: one phone may have several flows (RFC 5626 §4.2). */
export function phoneOf(instance: string): string {
  return instance.replace(/#\d+$/, '')
}

/** The registrations of all nodes as the copy of Redis has them, with times of the node's own clock. */
export interface RegistrationCopy {
  /** All that the record says. */
  recorded(device: DeviceId): readonly BoundContact[]
  /** Those whose time is not over. */
  fresh(device: DeviceId): readonly BoundContact[]
  /** The node that wrote the record; null without one. */
  holder(device: DeviceId): string | null
  /** The record is another node's. */
  isElsewhere(device: DeviceId): boolean
  devices(): Iterable<DeviceId>
  /** A record was written, changed by hand, deleted or has expired. */
  onChange(listener: (device: DeviceId) => void): () => void
}

export const recordKey = (device: DeviceId): string => `reg:${device}`

export interface RegistrationCopyNeeds {
  readonly replica: Replica
  /** The node's own. */
  readonly clock: Clock
  readonly networkClock: Pick<NetworkClock, 'aheadMs'>
}

/** What the record of a device says, with times of the node's own clock. */
export function recordedOf(device: DeviceId, { replica, clock, networkClock }: RegistrationCopyNeeds): readonly BoundContact[] {
  const bindings = fromRecord(device, replica.hash(recordKey(device)))
  const aheadSeconds = networkClock.aheadMs / 1_000
  const leftMs = replica.ttlMs(recordKey(device))
  const last = Math.max(...bindings.map(({ expires }) => expires))
  // The last contact ends with the record, whatever the clocks of Redis and of the node that wrote it have shown since.
  const shift = leftMs === null ? -aheadSeconds : (clock.now() + leftMs) / 1_000 - last
  return bindings.map((binding) => ({
    ...binding,
    expires: binding.expires === 0 ? 0 : binding.expires + shift,
    registered: binding.registered - aheadSeconds,
  }))
}

export function createRegistrationCopy(node: NodeName, needs: RegistrationCopyNeeds): RegistrationCopy {
  const { replica, clock } = needs
  const recorded = (device: DeviceId): readonly BoundContact[] => recordedOf(device, needs)
  const holder = (device: DeviceId): string | null => replica.hash(recordKey(device))?.get('node') ?? null
  return {
    recorded,
    fresh: (device) => recorded(device).filter(({ expires }) => expires * 1000 > clock.now()),
    holder,
    isElsewhere: (device) => (holder(device) ?? node) !== node,
    devices: () => [...replica.keysUnder('reg:')].flatMap((key) => deviceIn(key) ?? []),
    onChange: (listener) =>
      replica.onChange((key) => {
        const device = deviceIn(key)
        if (device) listener(device)
      }),
  }
}

function deviceIn(key: string): DeviceId | null {
  return key.startsWith('reg:') ? parseDeviceId(key.slice('reg:'.length)) : null
}
