import { z } from 'zod'
import type { Alarm, Clock, Milliseconds } from '../../base/clock.js'
import { messageOf } from '../../base/errors.js'
import type { Logger } from '../../base/logger.js'
import type { SipRequest } from '../../sip/message/message.js'
import { reasonPhrase } from '../../sip/message/reason-phrase.js'
import { parseMessage } from '../../sip/parser/parser.js'
import { parseUri } from '../../sip/uri/uri.js'
import type { Application, Arrival } from '../core/application.js'
import type { Field } from '../core/draft.js'
import type { UserAgent } from '../core/user-agent.js'
import { parseDuration } from './duration.js'

/**
 * drachtio's request handlers over HTTP: an HTTP server decides on each request and returns JSON. To the UA core the adviser is an application
 * like any other: it responds to the request, proxies it, or hands it to the application that the server has named.
 */
export interface AdviserNeeds {
  readonly url: string
  readonly userAgent: () => Pick<UserAgent, 'respond' | 'proxy' | 'awaits' | 'handOver'>
  /** The named application; null if it is not connected. */
  readonly find: (method: string, to: RouteTo) => Application | null
  readonly clock: Clock
  readonly log: Logger
}

/** `uri`: where the application listens, `host:port;transport=tcp`. `tag`: one that has authenticated with this tag. */
export type RouteTo = { readonly uri: string } | { readonly tag: string }

const patienceMs: Milliseconds = 5_000
const maxAdviceBytes = 64 * 1024

/** Text for a header or a start line. */
const line = z.string().regex(/^\P{Cc}*$/u, 'no control characters')
const uri = line.min(1)
const uris = z.array(uri).min(1)
const oneOrMore = z.union([uri.transform((one) => [one]), uris])

const adviceSchema = z.discriminatedUnion('action', [
  z.object({
    action: z.literal('reject'),
    data: z.object({ status: z.int().min(300).max(699), reason: line.optional() }),
  }),
  z.object({ action: z.literal('redirect'), data: z.object({ contacts: uris }) }),
  z.object({
    action: z.literal('proxy'),
    data: z.object({
      destination: oneOrMore,
      recordRoute: z.boolean().default(false),
      followRedirects: z.boolean().default(true),
      simultaneous: z.boolean().default(false),
      provisionalTimeout: z.string().default(''),
      finalTimeout: z.string().default(''),
    }),
  }),
  z.object({ action: z.literal('route'), data: z.union([z.object({ uri: z.string() }), z.object({ tag: z.string() })]) }),
])

type Advice = z.infer<typeof adviceSchema>
type AdviceOf<Action extends Advice['action']> = Extract<Advice, { action: Action }>['data']

export function createAdviser(needs: AdviserNeeds): Application {
  const adviser: Application = {
    connected: true,
    takes: () => true,
    arrived(arrival) {
      // An ACK or a CANCEL belongs to a request that already has its decision.
      const parsed = parseMessage(arrival.message)
      if (parsed.outcome !== 'message' || parsed.message.kind !== 'request' || isOver(parsed.message)) return
      const advised = { adviser, arrival, request: parsed.message, needs }
      fetchAdvice(advised)
        .then((advice) => follow(advised, advice))
        .catch((fault: unknown) => fail(advised, messageOf(fault)))
    },
    requestSent: nothing,
    responseSent: nothing,
    refused: nothing,
    proxied: nothing,
    proxyDone: nothing,
    unsolicited: nothing,
  }
  return adviser
}

/** A request, and what is needed to follow the advice on it. */
interface AdvisedRequest {
  readonly adviser: Application
  readonly arrival: Arrival
  readonly request: SipRequest
  readonly needs: AdviserNeeds
}

function nothing(): void {
  // The HTTP server gets no further events.
}

function isOver({ method }: SipRequest): boolean {
  return method === 'ACK' || method === 'CANCEL'
}

async function fetchAdvice({ request, arrival, needs }: AdvisedRequest): Promise<Advice> {
  const { clock } = needs
  const giveUp = new AbortController()
  const late: Alarm = clock.after(patienceMs, () => giveUp.abort(new Error(`no advice within ${patienceMs / 1_000} s`)))
  try {
    const response = await fetch(queryOf(needs.url, request, arrival), { signal: giveUp.signal, headers: { accept: 'application/json' } })
    if (!response.ok) throw new Error(`the advice has status ${response.status}`)
    return adviceSchema.parse(JSON.parse(await textOf(response)))
  } finally {
    late.cancel()
  }
}

/** @throws for a response above the limit, which is not read further */
async function textOf({ body }: Response): Promise<string> {
  const chunks: Uint8Array[] = []
  let size = 0
  if (!body) return ''
  for await (const chunk of body as AsyncIterable<Uint8Array>) {
    size += chunk.length
    if (size > maxAdviceBytes) throw new Error('the advice is too long')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}

/** The URL with the query parameters for a request, which include the parameters of its URI. */
function queryOf(url: string, request: SipRequest, { passage }: Arrival): URL {
  const query = new URL(url)
  const uri = parseUri(request.uri)
  const fields: Readonly<Record<string, string>> = {
    method: request.method,
    domain: uri?.kind === 'sip' ? uri.host : '',
    protocol: passage.protocol ?? '',
    source_address: passage.remote?.address ?? '',
    fromUser: userOf(request.from.uri),
    toUser: userOf(request.to.uri),
    uriUser: userOf(request.uri),
    contentType: request.first('Content-Type') ?? '',
    uri: request.uri,
  }
  for (const [name, value] of Object.entries(fields)) query.searchParams.set(name, value)
  if (uri?.kind === 'sip') for (const [name, value] of uri.params) if (!(name in fields)) query.searchParams.set(name, value ?? '')
  return query
}

function userOf(text: string): string {
  const uri = parseUri(text)
  if (uri?.kind === 'sip') return uri.user ?? ''
  return uri?.kind === 'tel' ? text.slice('tel:'.length) : ''
}

const actions: { readonly [Action in Advice['action']]: (advised: AdvisedRequest, data: AdviceOf<Action>) => void } = {
  reject: (advised, { status, reason }) => respond(advised, status, { reason: reason ?? reasonPhrase(status), fields: [] }),
  redirect(advised, { contacts }) {
    const fields = contacts.map((value) => ({ name: 'Contact', value }))
    respond(advised, 302, { reason: reasonPhrase(302), fields })
  },
  proxy({ adviser, arrival, needs }, data) {
    needs.userAgent().proxy(adviser, '', arrival.txnId, {
      destinations: data.destination,
      options: {
        recordRoute: data.recordRoute ? 'Record-Route' : 'none',
        redirects: data.followRedirects ? 'follow' : 'pass',
        forking: data.simultaneous ? 'simultaneous' : 'serial',
        provisionalMs: parseDuration(data.provisionalTimeout),
        finalMs: parseDuration(data.finalTimeout),
        fields: [],
      },
    })
  },
  route(advised, to) {
    const { adviser, arrival, request, needs } = advised
    const userAgent = needs.userAgent()
    // The caller may have given up meanwhile.
    if (!userAgent.awaits(adviser, arrival.txnId)) return
    const application = needs.find(request.method, to)
    if (!application) return fail(advised, 'the named application is not connected')
    userAgent.handOver(adviser, arrival.txnId, application)
    application.arrived(arrival)
  },
}

function follow<Action extends Advice['action']>(advised: AdvisedRequest, advice: { action: Action; data: AdviceOf<Action> }): void {
  actions[advice.action](advised, advice.data)
}

/** The same response as if an application that we connect to is not there. */
function fail(advised: AdvisedRequest, reason: string): void {
  const { log, url } = advised.needs
  log.warn({ event: 'sip.unadvised', host: new URL(url).host, method: advised.request.method, reason }, `no advice on a request: ${reason}`)
  respond(advised, 480, { reason: reasonPhrase(480), fields: [] })
}

const noBody = Buffer.alloc(0)

function respond({ adviser, arrival, needs }: AdvisedRequest, status: number, parts: { reason: string; fields: readonly Field[] }): void {
  needs.userAgent().respond(adviser, '', arrival.txnId, { kind: 'response', status, ...parts, body: noBody })
}
