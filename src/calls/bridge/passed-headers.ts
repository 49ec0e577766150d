import type { Dialplan } from '../../dialplan/dialplan.js'
import type { IncomingInvite, SipHeaders } from '../../srf/srf.js'
import type { Caller } from '../inbound/caller.js'

/**
 * Whether a header of leg A passes to leg B. `granted`: if the dial plan lists the trunk or user under `alertInfo`. `urgency`: unless the
 * value asks to be treated as an emergency.
 */
type Rule = 'passes' | 'granted' | 'urgency' | 'removed'

/**
 * The headers that may pass, by kind of caller. All others stop here. A header can make a phone answer automatically (Alert-Info, Call-Info),
 * override do-not-disturb (Priority) or show a false name (Organization, Subject). For a call from another node, that node has applied this
 * table. `unknown` callers make unauthenticated emergency calls.
 */
export const passage: Readonly<Record<string, Readonly<Record<Caller['kind'], Rule>>>> = {
  'Accept-Language': { device: 'passes', trunk: 'passes', node: 'passes', own: 'removed', unknown: 'removed' },
  Subject: { device: 'passes', trunk: 'removed', node: 'passes', own: 'removed', unknown: 'removed' },
  'Referred-By': { device: 'removed', trunk: 'removed', node: 'passes', own: 'removed', unknown: 'removed' },
  Organization: { device: 'passes', trunk: 'removed', node: 'passes', own: 'removed', unknown: 'removed' },
  Priority: { device: 'urgency', trunk: 'removed', node: 'passes', own: 'removed', unknown: 'removed' },
  'Alert-Info': { device: 'granted', trunk: 'granted', node: 'passes', own: 'removed', unknown: 'removed' },
  'Call-Info': { device: 'granted', trunk: 'granted', node: 'passes', own: 'removed', unknown: 'removed' },
}

/** The values of RFC 3261 §20.26 except `emergency`. */
const urgencies: ReadonlySet<string> = new Set(['non-urgent', 'normal', 'urgent'])

/** The headers of the caller's INVITE that every leg B carries. */
export function passedHeaders(invite: Pick<IncomingInvite, 'header'>, caller: Caller, dialplan: Pick<Dialplan, 'mayAlert'>): SipHeaders {
  const passed = Object.entries(passage).flatMap(([name, rules]) => {
    const value = invite.header(name)
    return value !== '' && passes(rules[caller.kind], value, () => isGranted(caller, dialplan)) ? [[name, value] as const] : []
  })
  return Object.fromEntries(passed)
}

/** For an anonymous caller: removes headers that may name the caller (RFC 3323 §4.1). */
export function withoutTraces({ Subject: _subject, Organization: _organization, 'Call-Info': _info, ...headers }: SipHeaders): SipHeaders {
  return headers
}

function passes(rule: Rule, value: string, granted: () => boolean): boolean {
  if (rule === 'granted') return granted()
  return rule === 'passes' || (rule === 'urgency' && urgencies.has(value.trim().toLowerCase()))
}

function isGranted(caller: Caller, { mayAlert }: Pick<Dialplan, 'mayAlert'>): boolean {
  if (caller.kind === 'trunk') return caller.trunk.alertInfo === true
  return caller.kind === 'device' && caller.user !== null && mayAlert(caller.user.extension)
}

/** The Reason of a caller's CANCEL (RFC 3326 §2). From outside only protocol and cause pass, because phones show the text. */
export function passedReason(reason: string, { kind }: Caller): string {
  if (kind === 'device' || kind === 'node') return reason
  const [, protocol, cause] = /^\s*(SIP|Q\.850)\s*;\s*cause\s*=\s*([0-9]{1,3})(?![0-9])/i.exec(reason) ?? []
  return protocol === undefined ? '' : `${protocol};cause=${cause}`
}
