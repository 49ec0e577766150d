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
 * drachtio's request handlers over HTTP: a server is asked what becomes of a request, and says it in JSON. To the UA core the adviser is an
 * application like any other, which answers the request, passes it on, or gives it to the application that is meant.
 */
export interface AdviserNeeds {
  readonly url: string
  readonly userAgent: () => Pick<UserAgent, 'respond' | 'proxy' | 'awaits' | 'handOver'>
  /** The application that is meant; null where it is not there. */
  readonly find: (method: string, to: RouteTo) => Application | null
  readonly clock: Clock
  readonly log: Logger
}

/** `uri`: where it waits, `host:port;transport=tcp`. `tag`: one that has connected to us and called itself so. */
export type RouteTo = { readonly uri: string } | { readonly tag: string }

const patienceMs: Milliseconds = 5_000
const longestAdvice = 64 * 1024

/** What may stand in a header or a start line. */
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
      // What else it is told of, an ACK or a CANCEL, belongs to a request that it has answered.
      const parsed = parseMessage(arrival.message)
      if (parsed.outcome !== 'message' || parsed.message.kind !== 'request' || isOver(parsed.message)) return
      const asked = { adviser, arrival, request: parsed.message, needs }
      ask(asked)
        .then((advice) => follow(asked, advice))
        .catch((fault: unknown) => fail(asked, messageOf(fault)))
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

interface Asked {
  readonly adviser: Application
  readonly arrival: Arrival
  readonly request: SipRequest
  readonly needs: AdviserNeeds
}

function nothing(): void {
  // Nobody is there to be told.
}

function isOver({ method }: SipRequest): boolean {
  return method === 'ACK' || method === 'CANCEL'
}

async function ask({ request, arrival, needs }: Asked): Promise<Advice> {
  const { clock } = needs
  const giveUp = new AbortController()
  const late: Alarm = clock.after(patienceMs, () => giveUp.abort(new Error(`no advice within ${patienceMs / 1_000} s`)))
  try {
    const answer = await fetch(questionOf(needs.url, request, arrival), { signal: giveUp.signal, headers: { accept: 'application/json' } })
    if (!answer.ok) throw new Error(`the advice has status ${answer.status}`)
    return adviceSchema.parse(JSON.parse(await textOf(answer)))
  } finally {
    late.cancel()
  }
}

/** What is too long is not read to its end. */
async function textOf({ body }: Response): Promise<string> {
  const chunks: Uint8Array[] = []
  let size = 0
  if (!body) return ''
  for await (const chunk of body as AsyncIterable<Uint8Array>) {
    size += chunk.length
    if (size > longestAdvice) throw new Error('the advice is too long')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}

/** What the server is told of the request; the parameters of its URI go along. */
function questionOf(url: string, request: SipRequest, { passage }: Arrival): URL {
  const question = new URL(url)
  const uri = parseUri(request.uri)
  const told: Readonly<Record<string, string>> = {
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
  for (const [name, value] of Object.entries(told)) question.searchParams.set(name, value)
  if (uri?.kind === 'sip') for (const [name, value] of uri.params) if (!(name in told)) question.searchParams.set(name, value ?? '')
  return question
}

function userOf(text: string): string {
  const uri = parseUri(text)
  if (uri?.kind === 'sip') return uri.user ?? ''
  return uri?.kind === 'tel' ? text.slice('tel:'.length) : ''
}

const actions: { readonly [Action in Advice['action']]: (asked: Asked, data: AdviceOf<Action>) => void } = {
  reject: (asked, { status, reason }) => respond(asked, status, { reason: reason ?? reasonPhrase(status), fields: [] }),
  redirect(asked, { contacts }) {
    const fields = contacts.map((value) => ({ name: 'Contact', value }))
    respond(asked, 302, { reason: reasonPhrase(302), fields })
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
  route(asked, to) {
    const { adviser, arrival, request, needs } = asked
    const userAgent = needs.userAgent()
    // Nobody is connected to for a caller who has given up meanwhile.
    if (!userAgent.awaits(adviser, arrival.txnId)) return
    const meant = needs.find(request.method, to)
    if (!meant) return fail(asked, 'the application that is meant is not there')
    userAgent.handOver(adviser, arrival.txnId, meant)
    meant.arrived(arrival)
  },
}

function follow<Action extends Advice['action']>(asked: Asked, advice: { action: Action; data: AdviceOf<Action> }): void {
  actions[advice.action](asked, advice.data)
}

/** As where an application that we connect to is not there. */
function fail(asked: Asked, reason: string): void {
  const { log, url } = asked.needs
  log.warn({ event: 'sip.unadvised', host: new URL(url).host, method: asked.request.method, reason }, `no advice on a request: ${reason}`)
  respond(asked, 480, { reason: reasonPhrase(480), fields: [] })
}

const noBody = Buffer.alloc(0)

function respond({ adviser, arrival, needs }: Asked, status: number, parts: { reason: string; fields: readonly Field[] }): void {
  needs.userAgent().respond(adviser, '', arrival.txnId, { kind: 'response', status, ...parts, body: noBody })
}
