import { type Extension, parseExtension } from '../../base/identity.js'
import type { SipHeaders } from '../../srf/srf.js'
import type { Call } from '../call.js'
import type { AcceptedLeg, Branch } from '../dial/fork.js'
import { connectedIdentity } from '../identity/connected-identity.js'
import { signedParty } from '../identity/identity-headers.js'

/** Notes in the call who has picked it up, for its record: instead of the user whose phones rang. */
export function notePickUp({ progress, knowledge: { directory, hotdesk } }: Call, by: Extension): void {
  const from = progress.callee?.user?.extension
  const user = directory.user(by)
  if (from === undefined || from === by || !user) return
  progress.pickUp = { by, from }
  progress.reached = `user ${by}`
  progress.called.set(by, hotdesk.devicesOf(by))
}

/** The node that has answered names the user who has picked up the call there. */
export function noteFarPickUp(call: Call, { node }: Branch, { reply }: AcceptedLeg): void {
  if (!node || reply.header('P-Asserted-Identity') === '') return
  const by = parseExtension(signedParty(reply.header).number)
  if (by !== null) notePickUp(call, by)
}

/** For the 200 to the node of the caller, which writes the record (RFC 3325 §9.1). */
export function pickerIdentity({ caller, progress: { pickUp } }: Call, domain: string): SipHeaders {
  if (caller.kind !== 'node' || pickUp === null) return {}
  return connectedIdentity({ name: '', number: pickUp.by, isPrivate: false, isAsserted: true }, domain)
}
