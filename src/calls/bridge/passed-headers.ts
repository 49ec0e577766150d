import type { Dialplan } from '../../dialplan/dialplan.js'
import type { IncomingInvite, SipHeaders } from '../../srf/srf.js'
import type { Caller } from '../inbound/caller.js'

/**
 * What becomes of a header of leg A on leg B. `granted`: it passes if the dial plan names the trunk or user under `alertInfo`.
 * `urgency`: it passes unless it asks for the treatment of an emergency call.
 */
type Rule = 'passes' | 'granted' | 'urgency' | 'removed'

/**
 * Every header that may pass, and from whom; no other header of a caller reaches leg B. A header can make a phone answer by itself
 * (Alert-Info, Call-Info), skip do-not-disturb (Priority) or show a false name (Organization, Subject). Another node of the network has
 * applied this table already. `unknown` makes an emergency call without proof.
 */
export const passage: Readonly<Record<string, Readonly<Record<Caller['kind'], Rule>>>> = {
  'Accept-Language': { device: 'passes', trunk: 'passes', node: 'passes', unknown: 'removed' },
  Subject: { device: 'passes', trunk: 'removed', node: 'passes', unknown: 'removed' },
  Organization: { device: 'passes', trunk: 'removed', node: 'passes', unknown: 'removed' },
  Priority: { device: 'urgency', trunk: 'removed', node: 'passes', unknown: 'removed' },
  'Alert-Info': { device: 'granted', trunk: 'granted', node: 'passes', unknown: 'removed' },
  'Call-Info': { device: 'granted', trunk: 'granted', node: 'passes', unknown: 'removed' },
}

/** RFC 3261 §20.26, without `emergency`. */
const urgencies: ReadonlySet<string> = new Set(['non-urgent', 'normal', 'urgent'])

/** The headers of the caller's INVITE that legs B carry. */
export function passedHeaders(invite: Pick<IncomingInvite, 'header'>, caller: Caller, dialplan: Pick<Dialplan, 'mayAlert'>): SipHeaders {
  const passed = Object.entries(passage).flatMap(([name, rules]) => {
    const value = invite.header(name)
    return value !== '' && passes(rules[caller.kind], value, () => isGranted(caller, dialplan)) ? [[name, value] as const] : []
  })
  return Object.fromEntries(passed)
}

/** The same of a caller who wants to stay unknown: these may name the caller as well (RFC 3323 §4.1). */
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

/** The Reason of a caller's CANCEL (RFC 3326 §2). From outside only protocol and cause pass: phones show the text. */
export function passedReason(reason: string, { kind }: Caller): string {
  if (kind === 'device' || kind === 'node') return reason
  const [, protocol, cause] = /^\s*(SIP|Q\.850)\s*;\s*cause\s*=\s*([0-9]{1,3})(?![0-9])/i.exec(reason) ?? []
  return protocol === undefined ? '' : `${protocol};cause=${cause}`
}
