import type { Trunk } from '../../dialplan/dialplan.js'
import type { Device } from '../../directory/directory.js'
import { dialled } from '../../sip/dialled.js'
import { privacyOf } from '../../sip/identity/caller.js'
import { sipUri } from '../../sip/uri.js'
import type { IncomingInvite, SipSource } from '../../srf/srf.js'
import type { FarNode } from '../bridge/node-legs.js'
import { responseOf } from '../failure.js'
import { asOutsider } from '../identity/outside-caller.js'
import { anonymous, assertedParty, type Party } from '../identity/party.js'
import type { CallNeeds } from '../needs.js'
import type { Dialler, Knowledge } from '../routing/contract.js'
import { passportHeader } from './hop-token.js'
import { contentOf } from './signed-content.js'

/** Where a call comes from; each kind may do different things. */
export type Caller =
  | ({ readonly kind: 'device' } & Dialler)
  | { readonly kind: 'trunk'; readonly trunk: Trunk }
  | { readonly kind: 'node'; readonly node: FarNode; readonly hops: number }
  /** Only for an emergency call, which is refused to nobody. */
  | { readonly kind: 'unknown' }

/** The node that signed the call, null where none did. */
export function callingNode(invite: IncomingInvite, { passports, peers, node, log }: CallNeeds): Caller | null {
  const text = invite.header(passportHeader)
  if (text === '') return null
  const arrived = { to: node, callId: invite.callId, target: dialled(invite.uri), content: contentOf(invite) }
  const passage = passports.verify(text, arrived)
  if (typeof passage !== 'string') return { kind: 'node', node: peers.current(passage.from), hops: passage.hops }
  const line = { event: 'call.refused', status: 403, reason: `passport ${passage}`, source: invite.source.address }
  // Anybody can forge one. For the rest it takes a node of the network, or a recorded call.
  if (passage === 'forged') log.debug(line, 'the passport of a node is forged')
  else log.warn(line, `the passport of a node is ${passage}`)
  return null
}

export function callingTrunk(invite: IncomingInvite, { trunks }: CallNeeds): Caller | null {
  const trunk = trunks.trunkOf(invite.source)
  return trunk && { kind: 'trunk', trunk }
}

/** The device that has proved itself; null when the call has been challenged or refused. */
export function callingDevice(invite: IncomingInvite, { registrar, directory, hotdesk }: CallNeeds): Caller | null {
  if (!directory.isFilled) {
    const { status, parts } = responseOf({ reason: 'store-lost' })
    invite.respond(status, parts)
    return null
  }
  const authentication = registrar.authenticate(invite)
  if (authentication.outcome !== 'device') return null
  const device = directory.device(authentication.device)
  if (!device) {
    invite.respond(403)
    return null
  }
  return { kind: 'device', ...diallerOn(device, { directory, hotdesk }) }
}

/** Whoever has logged in, else the phone's owner. */
export function diallerOn(device: Device, { directory, hotdesk }: Pick<Knowledge, 'directory' | 'hotdesk'>): Dialler {
  const extension = hotdesk.userOn(device.id) ?? device.owner
  return { device, user: extension === null ? null : directory.user(extension) }
}

/** How the other side shall see the caller: the user and never the device. */
export function partyOf(caller: Caller, invite: IncomingInvite, needs: CallNeeds): Party {
  switch (caller.kind) {
    case 'device': {
      const isPrivate = privacyOf(invite.header) ?? false
      return caller.user
        ? { name: caller.user.name, number: caller.user.extension, isPrivate, isAsserted: true }
        : { name: '', number: caller.device.id, isPrivate, isAsserted: true }
    }
    case 'trunk': {
      const { isAsserted = false, ...shown } = needs.trunks.caller(invite)
      return { ...asOutsider(shown, needs), isAsserted }
    }
    case 'node':
      return { ...assertedParty(invite.header), isPrivate: /\bid\b/.test(invite.header('Privacy')) }
    case 'unknown':
      return anonymous
  }
}

/** The phone that a caller names, hidden numbers included, if it gives some sign of being that phone: its flow, or any credentials. Proves nothing. */
export function claimedPhone(invite: IncomingInvite, { directory, registrar }: CallNeeds): Device | null {
  const name = registrar.seemsFrom(invite)
  const device = name && directory.device(name)
  if (device === null) return null
  const flow = flowOf(invite.source)
  const isRegisteredHere = registrar.bindingsOf(device.id).some((binding) => `${binding.flow};`.startsWith(`${flow};`))
  const tried = invite.header('Proxy-Authorization') !== '' || invite.header('Authorization') !== ''
  return isRegisteredHere || tried ? device : null
}

function flowOf({ address, port }: SipSource): string {
  return sipUri({ host: address, port })
}
