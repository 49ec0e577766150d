import type { NodeName } from '../../base/identity.js'
import type { Language } from '../../base/language.js'
import type { Logger } from '../../base/logger.js'
import type { Dialplan, Trunk } from '../../dialplan/dialplan.js'
import type { Device, Directory, User } from '../../directory/directory.js'
import type { Hotdesk } from '../../hotdesk/hotdesk.js'
import type { Registrar } from '../../registrar/registrar.js'
import { privacyOf } from '../../sip/identity/caller.js'
import { anonymous, type Party } from '../../sip/identity/party.js'
import { dialled } from '../../sip/uri/dialled.js'
import { sipUri } from '../../sip/uri/sip-uri.js'
import type { IncomingInvite, IncomingRequest, SipSource } from '../../srf/srf.js'
import type { Trunks } from '../../trunks/trunks.js'
import type { FarNode, NodeLegs } from '../bridge/node-legs.js'
import { responseOf } from '../failure.js'
import { signedParty } from '../identity/identity-headers.js'
import type { KnownNames } from '../identity/known-names.js'
import { outsideCaller } from '../identity/outside-caller.js'
import type { Dialler, Knowledge } from '../routing/contract.js'
import { type HopPurpose, type HopTokens, hopTokenHeader } from './hop-token.js'
import { signedContent } from './signed-content.js'

/** Where a call comes from. Each kind has its own rights. */
export type Caller = DeviceCaller | TrunkCaller | NodeCaller | OwnCaller | UnknownCaller

export type DeviceCaller = { readonly kind: 'device' } & Dialler

export interface TrunkCaller {
  readonly kind: 'trunk'
  readonly trunk: Trunk
}

export interface NodeCaller {
  readonly kind: 'node'
  readonly node: FarNode
  readonly hops: number
  readonly purpose: HopPurpose
}

/** This node itself. */
export interface OwnCaller {
  readonly kind: 'own'
  /** What the call is for. */
  readonly purpose: 'test call' | 'announcement'
  readonly party: Party
}

/** May make emergency calls only. */
interface UnknownCaller {
  readonly kind: 'unknown'
}

/** Of the user who calls; null: that of the site. */
export function languageOf(caller: Caller): Language | null {
  return caller.kind === 'device' ? (caller.user?.language ?? null) : null
}

export interface CallersNeeds {
  readonly hopTokens: Pick<HopTokens, 'verify'>
  readonly nodeLegs: Pick<NodeLegs, 'current'>
  readonly trunks: Pick<Trunks, 'trunkOf'>
  readonly registrar: Pick<Registrar, 'authenticate' | 'claimedDevice' | 'bindingsOf'>
  readonly directory: Pick<Directory, 'isFilled' | 'device' | 'user'>
  readonly hotdesk: Pick<Hotdesk, 'userOn'>
  readonly node: NodeName
  readonly log: Logger
}

/** Finds out who sent an INVITE, or a REFER outside a dialog. */
export interface Callers {
  /** The node that signed the call; null if none did. */
  node(invite: IncomingInvite): NodeCaller | null
  /** The trunk that the call came from; null if it came from elsewhere. */
  trunk(invite: IncomingInvite): TrunkCaller | null
  /** The device that has authenticated itself; null if the request has been challenged or refused. */
  device(request: IncomingRequest): DeviceCaller | null
  /** The user of the phone that the caller claims to be. Proves nothing. */
  claimedUser(invite: IncomingInvite): User | null
}

export function createCallers({ hopTokens, nodeLegs, trunks, registrar, directory, hotdesk, node, log }: CallersNeeds): Callers {
  return {
    node(invite) {
      const text = invite.header(hopTokenHeader)
      if (text === '') return null
      const arrived = { to: node, callId: invite.callId, target: dialled(invite.uri), content: signedContent(invite) }
      const hop = hopTokens.verify(text, arrived)
      if (typeof hop !== 'string') return { kind: 'node', node: nodeLegs.current(hop.from), hops: hop.hops, purpose: hop.purpose }
      const line = { event: 'call.refused', status: 403, reason: `hop token ${hop}`, source: invite.source.address }
      // Anybody can forge a token. The other refusals need a node of the network, or a recorded call.
      if (hop === 'forged') log.debug(line, 'the hop token of a node is forged')
      else log.warn(line, `the hop token of a node is ${hop}`)
      return null
    },
    trunk(invite) {
      const trunk = trunks.trunkOf(invite)
      return trunk && { kind: 'trunk', trunk }
    },
    device(request) {
      if (!directory.isFilled) {
        const { status, parts } = responseOf({ reason: 'store-lost' })
        request.respond(status, parts)
        return null
      }
      const authentication = registrar.authenticate(request)
      if (authentication.outcome !== 'device') return null
      const device = directory.device(authentication.device)
      if (device) return { kind: 'device', ...diallerOn(device, { directory, hotdesk }) }
      request.respond(403)
      return null
    },
    claimedUser(invite) {
      const device = claimedPhone(invite, { registrar, directory })
      return device && diallerOn(device, { directory, hotdesk }).user
    },
  }
}

/** The user who is logged in at the phone, else the phone's owner. */
export function diallerOn(device: Device, { directory, hotdesk }: DiallerNeeds): Dialler {
  const extension = hotdesk.userOn(device.id) ?? device.owner
  return { device, user: extension === null ? null : directory.user(extension) }
}

interface DiallerNeeds {
  readonly directory: Pick<Knowledge['directory'], 'user'>
  readonly hotdesk: Pick<Knowledge['hotdesk'], 'userOn'>
}

export interface PartyNeeds {
  readonly trunks: Pick<Trunks, 'callerOf'>
  readonly knownNames: Pick<KnownNames, 'resembles'>
  readonly dialplan: Pick<Dialplan, 'outside' | 'route'>
}

/** The caller as the other side sees them: the user, never the device. */
export function partyOf(caller: Caller, invite: IncomingInvite, needs: PartyNeeds): Party {
  switch (caller.kind) {
    case 'device': {
      const isPrivate = privacyOf(invite.header) ?? false
      const [name, number] = caller.user ? [caller.user.name, caller.user.extension] : ['', caller.device.id]
      return { name, number, isPrivate, isAsserted: true }
    }
    case 'trunk':
      return outsideCaller(needs.trunks.callerOf(invite), needs)
    case 'node':
      return signedParty(invite.header)
    case 'own':
      return caller.party
    case 'unknown':
      return anonymous
  }
}

/** The phone that a caller names, if its source address or any credentials support the claim. Proves nothing. */
function claimedPhone(invite: IncomingInvite, { directory, registrar }: Pick<CallersNeeds, 'directory' | 'registrar'>): Device | null {
  const name = registrar.claimedDevice(invite)
  const device = name && directory.device(name)
  if (device === null) return null
  const flow = flowOf(invite.source)
  const isRegisteredHere = registrar.bindingsOf(device.id).some((binding) => `${binding.flow};`.startsWith(`${flow};`))
  const hasCredentials = invite.header('Proxy-Authorization') !== '' || invite.header('Authorization') !== ''
  return isRegisteredHere || hasCredentials ? device : null
}

function flowOf({ address, port }: SipSource): string {
  return sipUri({ host: address, port })
}
