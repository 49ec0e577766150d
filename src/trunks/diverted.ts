import type { Dialplan, Trunk } from '../dialplan/dialplan.js'
import { type Diversion, maxDiversions } from '../sip/diversion/diversion.js'
import { printDiversions } from '../sip/diversion/diversion-header.js'
import { printHistory } from '../sip/diversion/history-info.js'
import type { Party } from '../sip/identity/party.js'
import type { SipHeaders } from '../srf/srf.js'
import { callerUri, type OutgoingCall } from './identity.js'
import type { Mailbox } from './mailbox-uri.js'

/** The address of a forward whose number must not be shown, or that has none to show (RFC 3323 §4.1.1.3, RFC 7044 §10.1.2). */
const hidden = 'sip:anonymous@anonymous.invalid'

export interface ForwardedCall {
  readonly number: string
  readonly party: Party
  /** The forwards, oldest first. At least one. */
  readonly diversions: readonly Diversion[]
  readonly plan: Dialplan
  /** For a voicemail server; left out: the call is not for one. */
  readonly mailbox?: Mailbox
}

/**
 * Adds the headers that report the forwards of a call, in the form that the trunk expects. Each number is shown as the trunk would be shown it
 * as a caller's.
 */
export function withDiversions(trunk: Trunk, call: OutgoingCall, diversions: readonly Diversion[], plan: Dialplan): OutgoingCall {
  const headers = forwardHeaders(trunk, call.uri, diversions.slice(-maxDiversions), plan)
  return { ...call, parts: { ...call.parts, headers: { ...call.parts.headers, ...headers } } }
}

function forwardHeaders(trunk: Trunk, target: string, diversions: readonly Diversion[], plan: Dialplan): SipHeaders {
  const form = trunk.diversion ?? 'diversion'
  const uriOf = (diversion: Diversion): string => shownUri(trunk, diversion, plan) ?? hidden
  const Diversion = printDiversions(diversions, uriOf)
  const history = { 'History-Info': printHistory(diversions, uriOf, target) }
  if (form === 'none') return {}
  if (form === 'history-info') return history
  return { Diversion, ...(form === 'both' ? history : {}) }
}

/** Null if the number is withheld, or means nothing outside. */
function shownUri(trunk: Trunk, { number, name, isPrivate }: Diversion, plan: Dialplan): string | null {
  if (number === '' || (isPrivate && trunk.trust !== 'full')) return null
  return callerUri(trunk, { number, name, isPrivate, isAsserted: true }, plan)
}

/** The caller of a forwarded call: for a trunk that accepts only numbers of its own (`forwardedCaller`), the user who has forwarded it. */
export function callerShown({ forwardedCaller }: Trunk, party: Party, diversions: readonly Diversion[]): Party {
  const forwarder = diversions.at(-1)
  if (!forwarder || forwardedCaller !== 'forwarder') return party
  return { name: forwarder.name, number: forwarder.number, isPrivate: forwarder.isPrivate, isAsserted: true }
}
