import { hostname, userInfo } from 'node:os'
import type { Milliseconds } from '../base/clock.js'
import { AppError, errors, isAppError, messageOf, type PlainError, plainError } from '../base/errors.js'
import type { NodeName } from '../base/identity.js'
import type { Logger } from '../base/logger.js'
import { invokingUser } from '../config/environment.js'
import type { Store } from '../store/store.js'
import {
  type Answer,
  type Asker,
  answer,
  controlVersion,
  envelope,
  type Handlers,
  type Reply,
  type Request,
  type RequestKind,
  requests,
} from './requests.js'

export type { Asker, Frozen, Handlers, Reply, Request } from './requests.js'

export interface ControlNeeds {
  readonly store: Pick<Store, 'mailbox'>
  readonly node: NodeName
  readonly handlers: Handlers
  readonly log: Logger
}

/** Carries out requests to this node until it is closed. */
export function createControl({ store, node, handlers, log }: ControlNeeds): { close(): void } {
  async function carryOut(text: string): Promise<Answer> {
    const { version, kind, by, asked } = envelope.parse(JSON.parse(text))
    if (version !== controlVersion || !isKind(kind)) return { outcome: 'unknown' }
    log[repeated.has(kind) ? 'debug' : 'info']({ event: 'node.asked', kind, by }, `${by} asks: ${kind}`)
    const fields = requests[kind].ask.safeParse(asked)
    if (!fields.success) return { outcome: 'unknown' }
    return { outcome: 'done', reply: await handle(kind, fields.data, by) }
  }

  function handle<Kind extends RequestKind>(kind: Kind, fields: unknown, by: Asker) {
    return handlers[kind](fields as never, by)
  }

  const end = store.mailbox.serve(node, async (text) => JSON.stringify(await carryOut(text).catch((fault: unknown) => refusal(fault, log))))
  return { close: end }
}

/** Asked again and again by one command. */
const repeated: ReadonlySet<RequestKind> = new Set(['traced'])

function isKind(text: string): text is RequestKind {
  return Object.hasOwn(requests, text)
}

function refusal(fault: unknown, log: Logger): Answer {
  if (isAppError(fault)) return { outcome: 'refused', error: plainError(fault) }
  log.error({ event: 'node.fault', err: fault }, `a request failed: ${messageOf(fault)}`)
  return { outcome: 'refused', error: plainError(errors.NODE_SILENT.failed({ reason: messageOf(fault) })) }
}

/** How long a node may take for an ordinary request. */
const ordinaryMs: Milliseconds = 5_000

export interface AskOptions {
  /** For a request that takes its time. */
  readonly withinMs?: Milliseconds
}

/**
 * Asks a node, as the user of this process.
 * @throws AppError NODE_SILENT if it does not answer, or is too old for the request; STORE_UNAVAILABLE; the error with which it refuses
 */
export async function askNode<Kind extends RequestKind>(
  store: Pick<Store, 'mailbox'>,
  node: NodeName,
  { kind, asked }: Request<Kind>,
  { withinMs = ordinaryMs }: AskOptions = {},
): Promise<Reply<Kind>> {
  const request = { version: controlVersion, kind, by: thisUser(), asked }
  const text = await store.mailbox.ask(node, JSON.stringify(request), withinMs)
  if (text === null) throw errors.NODE_SILENT.silent({ node, seconds: withinMs / 1_000 })
  const found = answer.safeParse(JSON.parse(text))
  if (!found.success || found.data.outcome === 'unknown') throw errors.NODE_SILENT.older({ node, kind })
  if (found.data.outcome === 'refused') throw new AppError(found.data.error as PlainError)
  const reply = requests[kind].reply.safeParse(found.data.reply)
  if (!reply.success) throw errors.NODE_SILENT.older({ node, kind })
  return reply.data as Reply<Kind>
}

/** `alice@host`; under sudo the user who called it. */
function thisUser(): Asker {
  const caller = process.getuid?.() === 0 ? invokingUser() : null
  try {
    return `${caller ?? userInfo().username}@${hostname()}`
  } catch {
    // A container may run as a user without a name.
    return `${process.getuid?.() ?? 'user'}@${hostname()}`
  }
}
