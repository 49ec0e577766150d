import { type Family, familyOf, mediaFamily } from '../../media/sdp/media-family.js'
import type { Binding } from '../../registrar/registrar.js'
import { parseUri } from '../../sip/uri.js'
import type { Call } from '../call.js'

/**
 * IPv4 and IPv6 do not reach each other, and nothing here relays media: such a call would be answered and silent. What is not certain is
 * tried: a host name, candidates of both families.
 */
export interface Reachable<Target> {
  readonly targets: readonly Target[]
  /** Left out. */
  readonly others: readonly Target[]
}

/** The phones whose family is that of the caller's media. */
export function phonesInReach(call: Pick<Call, 'offer'>, bindings: readonly Binding[]): Reachable<Binding> {
  return inReach(call, bindings, ({ contact, flow, path }) => {
    const [family, ofFlow] = [familyOfUri(contact), familyOfUri(flow)]
    // What stands in between, by the Path or by the family of the flow, may relay the media as well.
    return path === '' && family === ofFlow ? family : null
  })
}

/** The same of trunks, by the address in their URI. */
export function trunksInReach<Target extends { readonly uri: string }>(
  call: Pick<Call, 'offer'>,
  trunks: readonly Target[],
): Reachable<Target> {
  return inReach(call, trunks, ({ uri }) => familyOfUri(uri))
}

function inReach<Target>({ offer }: Pick<Call, 'offer'>, targets: readonly Target[], familyAt: (target: Target) => Family | null) {
  const offered = offer === '' ? null : mediaFamily(offer)
  const suits = (target: Target): boolean => offered === null || [null, offered].includes(familyAt(target))
  return { targets: targets.filter(suits), others: targets.filter((target) => !suits(target)) }
}

function familyOfUri(text: string): Family | null {
  const uri = parseUri(text)
  return uri?.kind === 'sip' ? familyOf(uri.host) : null
}
