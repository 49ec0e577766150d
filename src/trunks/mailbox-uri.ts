import { parseUri, printUri } from '../sip/uri/uri.js'
import type { OutgoingCall } from './identity.js'

/** The mailbox of a user at a voicemail server. */
export interface Mailbox {
  readonly name: string
  /** Why the call goes there (RFC 4458 §2.2). */
  readonly cause: number
}

/** Tells the voicemail server the mailbox and the greeting: `sip:*97@vm.example.com;target=sip:100%40vm.example.com;cause=486` (RFC 4458 §2). */
export function toMailbox(call: OutgoingCall, { name, cause }: Mailbox): OutgoingCall {
  const uri = parseUri(call.uri)
  if (uri?.kind !== 'sip') return call
  const target = `sip:${encodeURIComponent(name)}%40${uri.host}`
  return { ...call, uri: printUri({ ...uri, params: new Map([...uri.params, ['target', target], ['cause', String(cause)]]) }) }
}
