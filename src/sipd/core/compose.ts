import { parseNameAddr } from '../../sip/headers/name-addr.js'
import { newCallId, newTag } from '../../sip/ids.js'
import { copyRecordRoute, createResponse } from '../../sip/message/builder.js'
import { newRequest } from '../../sip/message/editable-message.js'
import type { SipRequest, SipResponse } from '../../sip/message/message.js'
import type { Endpoint, Hop } from '../transaction/transaction-layer.js'
import { endpointText } from '../transport/flow.js'
import type { Dialog } from './dialogs/dialog.js'
import { pathTo } from './dialogs/route-set.js'
import { type Field, fieldOf, type RequestDraft, type ResponseDraft } from './draft.js'

/** A message ready to send, or why the application's draft is refused, in drachtio's wording. */
export type Composed<Message> = { readonly message: Message } | { readonly refusal: string }

/** Methods whose Contact sets or refreshes the remote target (RFC 3261 §12.1, RFC 3311 §5.1, RFC 3515, RFC 6665 §3.1.1). */
const requiresContact: ReadonlySet<string> = new Set(['INVITE', 'SUBSCRIBE', 'REFER', 'UPDATE', 'NOTIFY'])
/** Header fields that the server writes itself, or puts in their place. */
const managedInRequests: ReadonlySet<string> = new Set([
  'Via',
  'Route',
  'Record-Route',
  'RSeq',
  'Content-Length',
  'Content-Type',
  'Max-Forwards',
  'From',
  'To',
  'Call-ID',
  'CSeq',
  'Contact',
])
const managedInResponses: ReadonlySet<string> = new Set([...managedInRequests].filter((name) => name !== 'Max-Forwards'))
/** Header fields in which `@localhost` stands for our address. */
const namesOwnHost: ReadonlySet<string> = new Set(['From', 'To', 'Contact', 'P-Asserted-Identity'])

const sdpStart = Buffer.from('v=0')

/** Our Contact: always with the port, with the transport unless it is UDP. */
export function contactOf(hop: Pick<Hop, 'protocol' | 'advertised'>, user = ''): string {
  const name = user === '' ? '' : `${user}@`
  const transport = hop.protocol === 'udp' ? '' : `;transport=${hop.protocol}`
  return `<sip:${name}${endpointText(hop.advertised)}${transport}>`
}

/** A request outside a dialog (RFC 3261 §8.1.1), along a route set. Header fields that the application omitted are added. */
export function composeRequest(draft: RequestDraft, hop: Hop, cseq: number, routeSet: readonly string[] = []): Composed<SipRequest> {
  const given = fieldOf(draft, 'From') ?? `<sip:${endpointText(hop.advertised)}>`
  const from = nameAddrWithTag(given, hop.advertised)
  if (from === null) return { refusal: `invalid from value provided by client: ${given}` }
  const to = nameAddrWithTag(fieldOf(draft, 'To') ?? `<${draft.uri}>`, hop.advertised)
  if (to === null) return { refusal: `invalid to value provided by client: ${fieldOf(draft, 'To') ?? ''}` }
  const number = Number.parseInt(fieldOf(draft, 'CSeq') ?? '', 10)
  const path = pathTo(draft.uri, routeSet)
  const request = newRequest(draft.method, path.uri)
  request.append('Max-Forwards', fieldOf(draft, 'Max-Forwards') ?? '70')
  for (const route of path.routes) request.append('Route', route)
  request.append('From', from.hasTag ? from.text : `${from.text};tag=${newTag()}`)
  request.append('To', to.text)
  request.append('Call-ID', fieldOf(draft, 'Call-ID') ?? newCallId())
  request.append('CSeq', `${Number.isSafeInteger(number) ? number : cseq} ${draft.method}`)
  return finishRequest(request, draft, { hop, contact: contactOf(hop) })
}

/** A request in a dialog (RFC 3261 §12.2.1.1). */
export function composeInDialog(draft: RequestDraft, dialog: Dialog, hop: Hop, cseq: number): Composed<SipRequest> {
  const { path } = dialog
  const isPlaceholder = draft.uri === 'sip:placeholder' || draft.method === 'ACK' || draft.method === 'PRACK'
  const request = newRequest(draft.method, isPlaceholder ? path.uri : draft.uri)
  request.append('Max-Forwards', fieldOf(draft, 'Max-Forwards') ?? '70')
  for (const route of path.routes) request.append('Route', route)
  request.append('From', dialog.local)
  request.append('To', dialog.remote)
  request.append('Call-ID', dialog.callId)
  request.append('CSeq', `${cseq} ${draft.method}`)
  return finishRequest(request, draft, { hop, contact: dialog.contact })
}

function finishRequest(
  request: SipRequest,
  draft: RequestDraft,
  { hop, contact }: { readonly hop: Hop; readonly contact: string },
): Composed<SipRequest> {
  const given = fieldsOf(draft, 'Contact')
  for (const value of given) request.append('Contact', withOwnHost(value, hop.advertised))
  if (given.length === 0 && requiresContact.has(draft.method)) request.append('Contact', contact)
  return addFields(request, draft, hop.advertised, managedInRequests)
}

/** The context of a response. */
export interface ResponseParts {
  readonly request: SipRequest
  /** Our tag, for a To without one. */
  readonly tag: string
  /** `dialog`: it creates a dialog or refreshes its target, so it carries Record-Route and Contact. */
  readonly kind: 'dialog' | 'plain'
  readonly hop: Pick<Hop, 'protocol' | 'advertised'>
}

/** The application's response, completed after RFC 3261 §8.2.6 and §12.1.1. */
export function composeResponse(draft: ResponseDraft, { request, tag, kind, hop }: ResponseParts): Composed<SipResponse> {
  const response = createResponse(request, draft.status, draft.reason, tag)
  const given = fieldsOf(draft, 'Contact')
  if (kind === 'dialog' && request.has('Record-Route')) copyRecordRoute(request, response)
  for (const value of given) response.append('Contact', withOwnHost(value, hop.advertised))
  if (given.length === 0 && kind === 'dialog') response.append('Contact', contactOf(hop))
  return addFields(response, draft, hop.advertised, managedInResponses)
}

function addFields<Message extends SipRequest | SipResponse>(
  message: Message,
  draft: { readonly fields: readonly Field[]; readonly body: Buffer },
  own: Endpoint,
  managed: ReadonlySet<string>,
): Composed<Message> {
  for (const { name, value } of draft.fields) {
    if (!managed.has(name)) message.append(name, namesOwnHost.has(name) ? withOwnHost(value, own) : value)
  }
  const type = fieldOf(draft, 'Content-Type')
  if (type !== undefined) message.append('Content-Type', type)
  if (draft.body.length === 0) return { message }
  if (type === undefined) {
    if (!draft.body.subarray(0, 3).equals(sdpStart)) return { refusal: 'missing content-type' }
    message.append('Content-Type', 'application/sdp')
  }
  message.body = draft.body
  return { message }
}

function fieldsOf(draft: { readonly fields: readonly Field[] }, name: string): readonly string[] {
  return draft.fields.filter((field) => field.name === name).map((field) => field.value)
}

/** From or To as a name-addr; null if it is malformed. */
function nameAddrWithTag(given: string, own: Endpoint): { readonly text: string; readonly hasTag: boolean } | null {
  const text = withOwnHost(given, own)
  const parsed = parseNameAddr(text)
  return parsed && { text, hasTag: parsed.tag !== '' }
}

/** Replaces `@localhost` by our address, and adds missing angle brackets. */
function withOwnHost(value: string, own: Endpoint): string {
  const text = value.includes('@localhost') ? value.replace(/@localhost(?=[>;,?\s]|$)/g, () => `@${endpointText(own)}`) : value
  if (text.includes('<') || text === '*') return text
  const end = text.indexOf(';')
  return end < 0 ? `<${text}>` : `<${text.slice(0, end)}>${text.slice(end)}`
}

/** The response to a request of ours that failed on this side (RFC 3261 §8.1.3.1). */
export function localFailure(request: SipRequest, status: number, reason: string): SipResponse {
  return createResponse(request, status, reason, newTag())
}
