import type { Clock } from '../../base/clock.js'
import { type DeviceId, type NodeName, parseDeviceId, parseNodeName } from '../../base/identity.js'
import type { NetworkClock, Replica } from '../../store/store.js'

/** One Contact of a device (RFC 3261 §10.3), with the flow it was registered on (RFC 5626). */
export interface Binding {
  readonly device: DeviceId
  /** Contact URI: the Request-URI of requests to the phone. */
  readonly contact: string
  /** Next hop of the flow it registered on: `sip:203.0.113.9:40312;transport=tcp`. */
  readonly flow: string
  /** Our own end of the flow, `192.0.2.10:5062`: requests leave from the socket that the phone knows. `''` if it is unknown. */
  readonly local: string
  /** The proxies that every request to the phone passes (RFC 3327 §5.3), as a Route header; `''` for a phone that registered directly. */
  readonly path: string
  readonly node: NodeName
  /** Epoch seconds, by the node's own clock in memory and by the one of Redis in a record. */
  readonly expires: number
  readonly callId: string
  readonly cseq: number
  readonly userAgent: string
}

/** A binding with what only the registrar needs to know of it. */
export interface BoundContact extends Binding {
  /** The phone's own name for itself (`+sip.instance`, with its `reg-id` where it has one), `''` without. */
  readonly instance: string
  /** By which the phone proved itself: an old one knows MD5 alone. */
  readonly digest: string
  /** What stands between the phone and us: another port or address shows that NAT does, a second Via that a proxy does. */
  readonly between: Between
  /** The name that the phone has for this network; `''` in a record of a version that did not write it. */
  readonly domain: string
  /** The same, of the latest REGISTER; in Redis that of the latest one that changed more than the expiry. */
  readonly registered: number
}

const betweens = ['', 'nat', 'proxy'] as const
export type Between = (typeof betweens)[number]

/** `reg:<device>` as it stands in Redis. */
export type RegistrationRecord = ReadonlyMap<string, string>

/** Fields by the member they hold; a second contact's fields end in `.2`, a third's in `.3`. All are at the one `node`. */
const fieldOf = {
  contact: 'contact',
  flow: 'flow',
  local: 'local',
  path: 'path',
  between: 'between',
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
const stable: readonly Member[] = ['contact', 'flow', 'local', 'path', 'between', 'callId', 'userAgent', 'instance', 'digest', 'domain']

function fieldName(member: Member, index: number): string {
  return index === 0 ? fieldOf[member] : `${fieldOf[member]}.${index + 1}`
}

/** The whole record of a device as an operator reads it with HGETALL. */
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

/** All that a refresh which changes nothing has to write. */
export function toExpiryFields(bindings: readonly BoundContact[]): Record<string, string> {
  return Object.fromEntries(bindings.map((binding, index) => [fieldName('expires', index), String(binding.expires)]))
}

/** What a record says; a contact whose fields were damaged by hand is left out. */
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
      between: betweens.find((word) => word === read('between')) ?? '',
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

/** True where both say the same in all but what moves with every refresh: expiry, CSeq and the time of it. */
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
  const leftMs = replica.leftMs(recordKey(device))
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
