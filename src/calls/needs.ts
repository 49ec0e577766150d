import type { Clock, Milliseconds } from '../base/clock.js'
import type { DeviceId, Extension, NodeName } from '../base/identity.js'
import type { Logger } from '../base/logger.js'
import type { Metrics } from '../base/metrics.js'
import type { Dialplan, Trunk } from '../dialplan/dialplan.js'
import type { Directory } from '../directory/directory.js'
import type { CallKind, Hotdesk } from '../hotdesk/hotdesk.js'
import type { Registrar } from '../registrar/registrar.js'
import type { IncomingInvite, OutgoingParts, SipApplication, SipCredentials, SipSource } from '../srf/srf.js'
import type { NetworkClock } from '../store/store.js'
import type { Activity } from './activity.js'
import type { Admission } from './admission.js'
import type { Peers } from './bridge/node-legs.js'
import type { PhoneLegs } from './bridge/phone-legs.js'
import type { CallControl } from './call-control.js'
import type { CallBacks } from './emergency/psap-callback.js'
import type { UnprovenShare } from './emergency/unproven-limit.js'
import type { Insiders } from './identity/known-names.js'
import type { Shown } from './identity/party.js'
import type { Passports } from './inbound/hop-token.js'
import type { CallRecords } from './records/call-records.js'

/** The dial codes, spoken by a neighbour of this layer. Each resolves when its call has ended. */
export interface FeaturePort {
  login(invite: IncomingInvite, device: DeviceId, extension: Extension | null): Promise<void>
  logout(invite: IncomingInvite, device: DeviceId): Promise<void>
  /** Announcement, then 480. */
  pleaseLogIn(invite: IncomingInvite): Promise<void>
}

/** Who calls, for a carrier. `isAsserted` is false for a number that only its caller has given. */
export type OutsideParty = Shown & { readonly isAsserted?: boolean }

/** A call as a carrier wants it. */
export interface LineCall {
  readonly uri: string
  readonly parts: OutgoingParts
}

/** One call to a trunk: its responses decide whether the trunk is up. */
export interface TrunkInquiry {
  /** It has responded, and not with a failure of its own. */
  answered(): void
  refused(status: number): void
  silent(): void
  /** It has not responded yet, and another trunk has the call. */
  passedOver(): void
}

/** The carriers' lines, kept by a neighbour of this layer. */
export interface TrunkPort {
  /** The order in which they are tried; none is left out. */
  order(trunks: readonly Trunk[]): readonly Trunk[]
  trunkOf(source: SipSource): Trunk | null
  asked(trunk: Trunk): TrunkInquiry
  /** Request-URI, identity and credentials of a call to that carrier. */
  outgoing(trunk: Trunk, number: string, party: OutsideParty): LineCall
  /** The same with the place of the phone (RFC 6442); null where the carrier does not take it, or the call cannot carry it. */
  located(
    trunk: Trunk,
    number: string,
    party: OutsideParty,
    place: { readonly location: string; readonly invite: Pick<IncomingInvite, 'body' | 'header'> },
  ): LineCall | null
  /** Our account at that carrier; null if it needs none. */
  credentials(trunk: Trunk): SipCredentials | null
  /** The caller of a call that came from a trunk. */
  caller(invite: IncomingInvite): OutsideParty
  /** The number a trunk call is for. */
  called(invite: IncomingInvite): string
}

/** As much of a call as its end needs. */
export interface OpenCall {
  readonly kind: CallKind
  readonly control: CallControl
}

export interface CallNeeds {
  readonly admission: Admission
  readonly srf: SipApplication
  readonly directory: Directory
  readonly hotdesk: Hotdesk
  readonly registrar: Registrar
  readonly dialplan: Dialplan
  readonly features: FeaturePort
  readonly trunks: TrunkPort
  readonly callBacks: CallBacks
  readonly insiders: Insiders
  readonly passports: Passports
  readonly peers: Peers
  readonly phoneLegs: PhoneLegs
  readonly activity: Activity
  readonly unprovenShare: UnprovenShare
  readonly records: CallRecords
  /** Every call that has begun and not ended. */
  readonly open: Set<OpenCall>
  /** How long after a refusal by one of a user's contacts the silent ones may still begin to ring. */
  readonly busyGraceMs: Milliseconds
  readonly node: NodeName
  readonly domain: string
  /** The node's own. */
  readonly clock: Clock
  readonly networkClock: NetworkClock
  readonly log: Logger
  readonly metrics: Metrics
}
