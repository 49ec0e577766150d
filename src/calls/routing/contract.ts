import type { Clock } from '../../base/clock.js'
import type { DeviceId, Extension, NodeName, SiteName } from '../../base/identity.js'
import type {
  Dialplan,
  LimitName,
  NumberClass,
  OutsideNumber,
  OutsideRoute,
  Route,
  SiteChoice,
  Trunk,
  Use,
} from '../../dialplan/dialplan.js'
import type { Device, Directory, Entitlement, LiveNode, User } from '../../directory/directory.js'
import type { Hotdesk } from '../../hotdesk/hotdesk.js'
import type { Binding, Registrar } from '../../registrar/registrar.js'
import type { Diversion } from '../../sip/diversion/diversion.js'
import type { Trunks } from '../../trunks/trunks.js'
import type { PsapCallbacks } from '../emergency/psap-callback.js'
import type { RefusalReason } from '../failure.js'
import type { LimitSubject, OutsideUsage } from '../limits/outside-usage.js'

/** The data that routing reads. It is all in memory, so no call waits for a lookup. */
export interface Knowledge {
  readonly node: NodeName
  /** The plan with which the call began. */
  readonly dialplan: Dialplan
  readonly directory: Pick<Directory, 'user' | 'device' | 'node' | 'nodes' | 'site' | 'sites' | 'ownedBy'>
  readonly hotdesk: Pick<Hotdesk, 'devicesOf' | 'userOn' | 'isDraining'>
  readonly registrar: Pick<Registrar, 'bindingsOf'>
  readonly psapCallbacks: Pick<PsapCallbacks, 'deviceOf'>
  readonly trunks: Pick<Trunks, 'order' | 'isUp' | 'isRegistered'>
  /** Calls outside of a user or a site, for limits. */
  readonly usage: Pick<OutsideUsage, 'of'>
  /** The clock that nodes share. */
  readonly clock: Pick<Clock, 'now'>
}

/** Where a call has been. */
export interface CallHistory {
  /** How often it has been handed from node to node. */
  readonly hops: number
  /** Numbers that it was routed to. A repetition is a loop. */
  readonly trail: readonly string[]
  /** Every forward so far, oldest first, including those that a trunk or another node reports. */
  readonly diversions: readonly Diversion[]
}

/** Why a phone redirects a call, and whether its user wants to be named (RFC 5806 §4). */
export type Redirection = Pick<Diversion, 'reason' | 'isPrivate'>

/** The phone and user that have dialled. */
export interface Dialler {
  readonly device: Device
  /** Null if nobody is logged in. */
  readonly user: User | null
}

export type Question =
  /** `by` null stands for any logged-in user of this site. */
  | { readonly kind: 'dialled'; readonly digits: string; readonly by: Dialler | null }
  /** The phone and user have transferred a call to this number. */
  | { readonly kind: 'transferred'; readonly digits: string; readonly by: Dialler }
  /** A call to this number from a trunk. */
  | { readonly kind: 'delivered'; readonly number: string; readonly diversions?: readonly Diversion[] }
  /** The number is to be dialled by the plan of a site that the code does not name. */
  | { readonly kind: 'break-out-menu'; readonly digits: string; readonly user: User | null }
  /** The number is to be dialled by the plan of that site. */
  | { readonly kind: 'break-out'; readonly site: SiteName; readonly digits: string; readonly user: User | null }
  /** A user who is at another site (`break-out`), or has named this one (`call`), dials by the plan of this site. */
  | { readonly kind: 'broken-out'; readonly digits: string; readonly user: User | null; readonly use: 'break-out' | 'call' }
  /** A user at another node picks up a call that rings here. */
  | { readonly kind: 'picked-up'; readonly digits: string; readonly user: User }
  /** A phone picks up a call that rings for that user, by INVITE with Replaces (RFC 3891 §3). */
  | { readonly kind: 'replaced'; readonly extension: Extension; readonly by: Dialler }
  /** A call from another node, for a user who is here. */
  | { readonly kind: 'handed'; readonly digits: string; readonly hops: number; readonly diversions?: readonly Diversion[] }
  /** A PSAP callback from another node, for a phone that is registered here. */
  | { readonly kind: 'called-back'; readonly device: DeviceId }
  | { readonly kind: 'extension'; readonly extension: Extension; readonly history: CallHistory }
  | { readonly kind: 'user'; readonly user: User; readonly history: CallHistory }
  /** The user is logged in at these phones, or owns them. */
  | { readonly kind: 'assigned'; readonly user: User; readonly devices: readonly DeviceId[]; readonly history: CallHistory }
  /** The user's phones did not take the call, or there are none. */
  | { readonly kind: 'missed'; readonly user: User; readonly reason: RefusalReason; readonly history: CallHistory }
  /** The user forwards the call to this number. */
  | { readonly kind: 'forwarded'; readonly user: User; readonly number: string; readonly history: CallHistory }
  /** A phone of the user has redirected the call to this number. */
  | { readonly kind: 'redirected'; readonly user: User; readonly number: string; readonly as: Redirection; readonly history: CallHistory }

export type Destination =
  | { readonly kind: 'emergency'; readonly number: string; readonly trunks: readonly Trunk[] }
  | { readonly kind: 'login'; readonly extension: Extension | null }
  | { readonly kind: 'logout' }
  | { readonly kind: 'logout-everywhere'; readonly extension: Extension | null }
  | { readonly kind: 'please-log-in' }
  /** The user's phones at this node, and the nodes that hold the others. */
  | {
      readonly kind: 'phones'
      readonly user: User
      readonly history: CallHistory
      readonly bindings: readonly Binding[]
      readonly nodes: readonly LiveNode[]
    }
  /** A PSAP callback to the phone that made the emergency call: at this node, and through the nodes that hold its other `bindings`. */
  | {
      readonly kind: 'psap-callback'
      readonly device: Device
      readonly bindings: readonly Binding[]
      readonly nodes: readonly LiveNode[]
    }
  /** `trunks` in the order in which they are tried. `callerId`: null shows the user's own number, or else the trunk's. */
  | (OutsideRoute & { readonly diversions: readonly Diversion[] })
  /** `number` is called at the voicemail server; `cause`: why (RFC 4458). `otherwise`: what the caller hears if the server fails. */
  | {
      readonly kind: 'voicemail'
      readonly trunk: Trunk
      readonly number: string
      readonly mailbox: string
      /** The number, if it is called at a carrier: judged and counted like any outside. Null: at a voicemail server. */
      readonly outside: OutsideNumber | null
      readonly cause: number
      readonly otherwise: RefusalReason
      readonly diversions: readonly Diversion[]
    }
  /** What a short code of the site does for the phone that dials it. */
  | Extract<Route, { readonly kind: 'feature' | 'announcement' }>
  /** `nodes` of the site in the order in which they are tried. */
  | { readonly kind: 'break-out'; readonly site: SiteName; readonly digits: string; readonly nodes: readonly LiveNode[] }
  /** The caller is asked for the site, unless it is known, and for the number if there are no digits yet. */
  | {
      readonly kind: 'break-out-menu'
      readonly site: SiteName | null
      readonly choices: readonly SiteChoice[]
      readonly digits: string
      readonly user: User | null
    }
  | { readonly kind: 'refused'; readonly reason: RefusalReason }

export type DestinationOf<Kind extends Destination['kind']> = Extract<Destination, { readonly kind: Kind }>
export type QuestionOf<Kind extends Question['kind']> = Extract<Question, { readonly kind: Kind }>

/** The result of a rule: an explanation, and the destination or the next question. With neither, the next rule decides. */
export interface Ruling {
  readonly words: string
  readonly to?: Destination
  readonly ask?: Question
}

/** What an operator should know about the rights and limits of a user. */
export type RightsNotice =
  /** A call to a number abroad or a premium number is allowed. */
  | {
      readonly kind: 'costly'
      readonly user: Extension | null
      readonly use: Use
      readonly number: string
      readonly numberClass: NumberClass
    }
  | {
      readonly kind: 'barred'
      readonly user: Extension | null
      readonly use: Use
      readonly number: string
      readonly numberClass: NumberClass
      readonly words: string
    }
  | {
      readonly kind: 'limited'
      readonly user: Extension | null
      readonly subject: LimitSubject
      readonly limit: LimitName
      readonly number: string
      readonly words: string
    }
  /** The profile or the rights of the user do not include it. */
  | { readonly kind: 'not-entitled'; readonly user: Extension | null; readonly entitlement: Entitlement; readonly words: string }
  /** Neither the home site nor this one defines the profile in the user's record. */
  | { readonly kind: 'unknown-profile'; readonly user: Extension; readonly name: string; readonly words: string }
  /** The site does not define a name in the user's record. */
  | { readonly kind: 'unknown-name'; readonly user: Extension; readonly name: string; readonly words: string }

/** A rule that was applied, and its explanation. */
export interface Step {
  readonly rule: string
  readonly words: string
}

export interface Decision {
  readonly to: Destination
  /** Every rule that was applied, in order. */
  readonly steps: readonly Step[]
  /** The question, and those that it led to. */
  readonly questions: readonly Question[]
  /** Users and sites for whose limits the call counts, if it goes outside. */
  readonly counted: readonly LimitSubject[]
  /** To be reported if the call goes this way. */
  readonly notices: readonly RightsNotice[]
}
