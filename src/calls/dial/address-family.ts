import { type Family, familyOf } from '../../base/ip-address.js'
import { mediaFamily } from '../../media/sdp/media-family.js'
import type { Binding } from '../../registrar/registrar.js'
import { parseUri } from '../../sip/uri/uri.js'
import type { Call } from '../call.js'

/**
 * IPv4 and IPv6 cannot reach each other, and nothing here relays media, so such a call would be answered and silent. Doubtful cases are tried:
 * a host name, candidates of both families, and a caller whose signalling and media differ in family, because such a phone has both.
 */
export interface FamilySplit<Target> {
  readonly reachable: readonly Target[]
  readonly unreachable: readonly Target[]
}

/** Phones by the address family of the caller's media. */
export function phonesByFamily(call: FamilyCall, bindings: readonly Binding[]): FamilySplit<Binding> {
  return inReach(call, bindings, ({ contact, flow, path }) => {
    const [family, ofFlow] = [familyOfUri(contact), familyOfUri(flow)]
    // A proxy in between, shown by a Path or by the family of the flow, may relay the media too.
    return path === '' && family === ofFlow ? family : null
  })
}

/** The same for trunks, by the address in their URI. */
export function trunksByFamily<Target extends { readonly uri: string }>(call: FamilyCall, trunks: readonly Target[]): FamilySplit<Target> {
  return inReach(call, trunks, ({ uri }) => familyOfUri(uri))
}

type FamilyCall = Pick<Call, 'offer' | 'invite' | 'caller'>

function inReach<Target>(call: FamilyCall, targets: readonly Target[], familyAt: (target: Target) => Family | null): FamilySplit<Target> {
  const offered = hasBoth(call) || call.offer === '' ? null : mediaFamily(call.offer)
  const suits = (target: Target): boolean => offered === null || [null, offered].includes(familyAt(target))
  return { reachable: targets.filter(suits), unreachable: targets.filter((target) => !suits(target)) }
}

function hasBoth({ offer, invite, caller }: FamilyCall): boolean {
  return caller.kind === 'device' && offer !== '' && ![null, familyOf(invite.source.address)].includes(mediaFamily(offer))
}

function familyOfUri(text: string): Family | null {
  const uri = parseUri(text)
  return uri?.kind === 'sip' ? familyOf(uri.host) : null
}
