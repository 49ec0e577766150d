import { type Family, familyOf, mediaFamily } from '../../media/sdp/media-family.js'
import type { Binding } from '../../registrar/registrar.js'
import { parseUri } from '../../sip/uri.js'
import type { Call } from '../call.js'

/**
 * IPv4 and IPv6 do not reach each other, and nothing here relays media: such a call would be answered and silent. What is not certain is
 * tried: a host name, candidates of both families, and a caller whose signalling is of the other family than its media, because phones like
 * that have both.
 */
export interface Reachable<Target> {
  readonly targets: readonly Target[]
  /** Left out. */
  readonly others: readonly Target[]
}

/** The phones whose family is that of the caller's media. */
export function phonesInReach(call: Judged, bindings: readonly Binding[]): Reachable<Binding> {
  return inReach(call, bindings, ({ contact, flow, path }) => {
    const [family, ofFlow] = [familyOfUri(contact), familyOfUri(flow)]
    // What stands in between, by the Path or by the family of the flow, may relay the media as well.
    return path === '' && family === ofFlow ? family : null
  })
}

/** The same of trunks, by the address in their URI. */
export function trunksInReach<Target extends { readonly uri: string }>(call: Judged, trunks: readonly Target[]): Reachable<Target> {
  return inReach(call, trunks, ({ uri }) => familyOfUri(uri))
}

type Judged = Pick<Call, 'offer' | 'invite' | 'caller'>

function inReach<Target>(call: Judged, targets: readonly Target[], familyAt: (target: Target) => Family | null): Reachable<Target> {
  const offered = hasBoth(call) || call.offer === '' ? null : mediaFamily(call.offer)
  const suits = (target: Target): boolean => offered === null || [null, offered].includes(familyAt(target))
  return { targets: targets.filter(suits), others: targets.filter((target) => !suits(target)) }
}

function hasBoth({ offer, invite, caller }: Judged): boolean {
  return caller.kind === 'device' && offer !== '' && ![null, familyOf(invite.source.address)].includes(mediaFamily(offer))
}

function familyOfUri(text: string): Family | null {
  const uri = parseUri(text)
  return uri?.kind === 'sip' ? familyOf(uri.host) : null
}
