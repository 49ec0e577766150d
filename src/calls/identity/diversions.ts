import { type Dialplan, type NetworkNumbers, numberIn, ownerOfNumber } from '../../dialplan/dialplan.js'
import type { Diversion } from '../../sip/diversion/diversion.js'
import { printDiversions } from '../../sip/diversion/diversion-header.js'
import { diversionsIn } from '../../sip/diversion/reported.js'
import type { Party } from '../../sip/identity/party.js'
import { sipUri } from '../../sip/uri/sip-uri.js'
import type { IncomingInvite, SipHeaders } from '../../srf/srf.js'
import type { Caller } from '../inbound/caller.js'

interface Numbers extends NetworkNumbers {
  readonly dialplan: NetworkNumbers['dialplan'] & Pick<Dialplan, 'route' | 'numbers'>
}

/**
 * The forwards that a call has passed before it came here, oldest first. Only trunks and nodes report them; a phone is the start of its calls.
 * An anonymous caller may be known by who has forwarded the call, so outside numbers are private then.
 */
export function reportedDiversions(
  { header }: Pick<IncomingInvite, 'header'>,
  caller: Caller,
  numbers: Numbers,
  { isPrivate }: Pick<Party, 'isPrivate'>,
): readonly Diversion[] {
  if (caller.kind === 'node') return diversionsIn(header)
  if (caller.kind !== 'trunk') return []
  const isTrusted = caller.trunk.trust !== 'none' && !isPrivate
  // RFC 3966 §5.1.5: a number may be local to a context.
  const read = (uri: string): string => numberIn(uri, numbers.dialplan.numbers)
  return diversionsIn(header, read).map((diversion) => fromOutside(diversion, numbers, isTrusted ? 'trusted' : 'untrusted'))
}

/**
 * A direct number stands for its user. Any other number that means something inside is not one from outside, and must not be shown as if it
 * were; neither is a name.
 */
function fromOutside(diversion: Diversion, numbers: Numbers, trust: 'trusted' | 'untrusted'): Diversion {
  const extension = ownerOfNumber(diversion.number, numbers)?.extension ?? null
  const isOutside = /^\+?[0-9]+$/.test(diversion.number) && !insideKinds.has(numbers.dialplan.route(diversion.number).kind)
  const isPrivate = diversion.isPrivate || trust === 'untrusted' || (extension === null && !isOutside)
  return { ...diversion, number: extension ?? diversion.number, name: '', isPrivate }
}

const insideKinds: ReadonlySet<string> = new Set(['user', 'login', 'logout', 'logout-everywhere'])

/** Diversion for another node. Nodes trust each other, so private entries are sent as such. */
export function nodeDiversions(diversions: readonly Diversion[], domain: string): SipHeaders {
  const value = printDiversions(diversions, ({ number }) => sipUri({ user: number === '' ? 'anonymous' : number, host: domain }))
  return value === '' ? {} : { Diversion: value }
}

/** The same for a phone, which learns nothing about private entries. Phones show the first value as the forwarder. */
export function phoneDiversions(diversions: readonly Diversion[], domain: string): SipHeaders {
  return nodeDiversions(
    diversions.filter(({ number, isPrivate }) => number !== '' && !isPrivate),
    domain,
  )
}
