import type { NodeName } from '../base/identity.js'
import type { Secret } from '../base/secret.js'
import type { LivePlan } from '../dialplan/dialplan.js'
import type { Contacts, Directory } from '../directory/directory.js'
import type { Hotdesk } from '../hotdesk/hotdesk.js'
import type { Registrar } from '../registrar/registrar.js'
import type { SipApplication } from '../srf/srf.js'
import type { Store } from '../store/store.js'
import type { Trunks } from '../trunks/trunks.js'
import type { IvrPort } from './inbound/feature-call.js'

/** The other parts of the node that calls use. */
export interface NodeParts {
  readonly srf: SipApplication
  readonly store: Store
  readonly directory: Directory
  readonly contacts: Pick<Contacts, 'nameOf'>
  readonly hotdesk: Hotdesk
  readonly registrar: Registrar
  readonly plan: LivePlan
  readonly trunks: Trunks
  readonly ivr: IvrPort
}

/** This node and its network. */
export interface NodeNetwork {
  readonly node: NodeName
  /** SIP domain. */
  readonly domain: string
  /** Name of the network, the hash tag of its keys in Redis. */
  readonly network: string
  /** For hop tokens. */
  readonly secret: Secret
}
