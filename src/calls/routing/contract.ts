import type { DeviceId, Extension, NodeName } from '../../base/identity.js'
import type { Dialplan, Trunk } from '../../dialplan/dialplan.js'
import type { Device, Directory, LiveNode, User } from '../../directory/directory.js'
import type { Hotdesk } from '../../hotdesk/hotdesk.js'
import type { Binding, Registrar } from '../../registrar/registrar.js'
import type { CallBacks } from '../emergency/psap-callback.js'
import type { RefusalReason } from '../failure.js'
import type { TrunkPort } from '../needs.js'

/** What a decision reads. All of it is in memory: no call waits for an answer from elsewhere. */
export interface Knowledge {
  readonly node: NodeName
  readonly dialplan: Pick<Dialplan, 'site' | 'location' | 'trunks' | 'outside' | 'emergency' | 'route' | 'did'>
  readonly directory: Pick<Directory, 'user' | 'device' | 'node' | 'site' | 'ownedBy'>
  readonly hotdesk: Pick<Hotdesk, 'devicesOf' | 'userOn' | 'isDraining'>
  readonly registrar: Pick<Registrar, 'bindingsOf'>
  readonly callBacks: Pick<CallBacks, 'deviceOf'>
  readonly trunks: Pick<TrunkPort, 'order'>
}

/** How a call has come to where it is. */
export interface Way {
  /** How often it has been handed from node to node. */
  readonly hops: number
  /** Numbers it has been at: one of them a second time is a loop. */
  readonly trail: readonly string[]
}

/** Who has dialled: a phone and its user. */
export interface Dialler {
  readonly device: Device
  /** null: nobody is logged in. */
  readonly user: User | null
}

export type Question =
  /** `by` is null for somebody who is logged in somewhere at this site. */
  | { readonly kind: 'dialled'; readonly digits: string; readonly by: Dialler | null }
  /** A carrier delivers a number. */
  | { readonly kind: 'delivered'; readonly number: string }
  /** Another node says that the user is here. */
  | { readonly kind: 'handed'; readonly digits: string; readonly hops: number }
  | { readonly kind: 'extension'; readonly extension: Extension; readonly way: Way }
  | { readonly kind: 'user'; readonly user: User; readonly way: Way }
  /** The user sits at these phones, or owns them. */
  | { readonly kind: 'seated'; readonly user: User; readonly devices: readonly DeviceId[]; readonly way: Way }
  /** The user's phones have not taken the call, or there are none. */
  | { readonly kind: 'missed'; readonly user: User; readonly reason: RefusalReason; readonly way: Way }
  | { readonly kind: 'forwarded'; readonly number: string; readonly way: Way }
  /** A phone of the user has answered with 302 and this number. */
  | { readonly kind: 'redirected'; readonly user: User; readonly number: string; readonly way: Way }

export type Destination =
  | { readonly kind: 'emergency'; readonly number: string; readonly trunks: readonly Trunk[] }
  | { readonly kind: 'login'; readonly extension: Extension | null }
  | { readonly kind: 'logout' }
  | { readonly kind: 'please-log-in' }
  /** The user's phones at this node, and the nodes that hold the others. */
  | {
      readonly kind: 'phones'
      readonly user: User
      readonly way: Way
      readonly bindings: readonly Binding[]
      readonly nodes: readonly LiveNode[]
    }
  /** The phone that has called for help: the emergency centre calls back. */
  | { readonly kind: 'call-back'; readonly device: Device; readonly bindings: readonly Binding[] }
  /** `trunks` in the order in which they are tried. `callerId`: null shows the user's own number, else the trunk's. */
  | { readonly kind: 'outside'; readonly number: string; readonly trunks: readonly Trunk[]; readonly callerId: string | null }
  | { readonly kind: 'refused'; readonly reason: RefusalReason }

export type To<Kind extends Destination['kind']> = Extract<Destination, { readonly kind: Kind }>
export type Asked<Kind extends Question['kind']> = Extract<Question, { readonly kind: Kind }>

/** What a rule says: why, and where the call goes, or which question comes next; neither: the next rule is asked. */
export interface Finding {
  readonly words: string
  readonly to?: Destination
  readonly ask?: Question
}

/** A rule that was asked, and what it found. */
export interface Step {
  readonly rule: string
  readonly words: string
}

export interface Decision {
  readonly to: Destination
  /** Every rule that was asked, in order. */
  readonly steps: readonly Step[]
  /** The question, and those that it has led to. */
  readonly questions: readonly Question[]
}
