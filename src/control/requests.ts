import { z } from 'zod'

/** A node carries out requests of this version. A later version adds kinds and fields, and never changes the meaning of one. */
export const controlVersion = 1

const moment = z.iso.datetime()

/** The dial plan that a node has loaded. */
const plan = z.object({
  site: z.string(),
  /** Its file on the machine of the node. */
  file: z.string(),
  login: z.string(),
  logout: z.string(),
  elin: z.string().nullable(),
  /** Names of the trunks in use. */
  trunks: z.array(z.string()),
  fingerprint: z.string(),
  loaded: moment,
  /** Why the file on its disk cannot be loaded, or how it differs; empty: it is the plan that is in force. */
  problems: z.array(z.string()),
})

const trunk = z.object({
  name: z.string(),
  state: z.enum(['up', 'down', 'disabled']),
  /** When it went down; null: it is up, or has been since the node started. */
  since: moment.nullable(),
  /** When it is tried in its usual order again; null: it is up. */
  retry: moment.nullable(),
  /** Why it is not registered; null: it is, or does not have to be. */
  trouble: z.string().nullable(),
  /** Whether the node is registered there; null: it does not have to be, or another node of its site is. */
  registered: z.boolean().nullable(),
  /** Calls over it at the node. */
  calls: z.number().int(),
})

const step = z.object({ rule: z.string(), words: z.string() })

const explanation = z.object({
  steps: z.array(step),
  outcome: z.string(),
  destination: z.looseObject({ kind: z.string() }),
  get otherwise() {
    return z.array(z.object({ reason: z.string(), next: explanation }))
  },
})

const drainState = z.object({
  draining: z.boolean(),
  calls: z.number(),
  emergencies: z.number(),
  /** Calls to feature codes, such as PIN dialogues. Absent in the reply of an older version, as `moved`. */
  dialogues: z.number().default(0),
  /** Phones still registered at the node. */
  phones: z.number(),
  /** Phones that have registered at another node since the draining began. */
  moved: z.number().default(0),
  /** Other live nodes of the site. */
  sisters: z.array(z.string()),
})

const call = z.object({
  id: z.string(),
  kind: z.enum(['ordinary', 'emergency']),
  caller: z.string(),
  dialled: z.string(),
  /** `HD0001`, `trunk paris-carrier`, `node london-1`. */
  from: z.string(),
  to: z.string(),
  phones: z.array(z.string()),
  state: z.enum(['setup', 'ringing', 'up']),
  since: moment,
  /** Call-IDs of the legs; two nodes of one call share one. */
  legA: z.string(),
  legB: z.string().nullable(),
  /** The phone, trunk or node that has answered; null: none has, or the node is of an earlier version, as below. */
  answeredBy: z.string().nullable().default(null),
  /** Every leg B that was tried, and its far end. */
  legs: z.array(z.object({ callId: z.string(), peer: z.string().nullable() })).default([]),
  /** The call at this node that it continues after a transfer. */
  transferOf: z.string().nullable().default(null),
})

const testState = z.object({
  call: z.string(),
  steps: z.array(z.object({ afterMs: z.number(), step: z.string(), words: z.string() })),
  media: z.object({
    codec: z.string().nullable(),
    sent: z.number(),
    received: z.number(),
    lost: z.number(),
    jitterMs: z.number(),
    reported: z.object({ lost: z.number(), jitterMs: z.number() }).nullable(),
  }),
  /** null: it is in progress. */
  outcome: z.enum(['passed', 'no-audio', 'failed']).nullable(),
})

/** What a trace shows: the messages of a phone, a call or an address. */
const traceSubject = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('device'), device: z.string().max(64) }),
  /** An id of `hotdesk calls --active`, or a Call-ID. */
  z.object({ kind: z.literal('call'), call: z.string().max(256) }),
  z.object({ kind: z.literal('address'), address: z.string().max(64) }),
])

/** A SIP message without its secrets. */
const message = z.object({
  /** Counts the messages of the node. */
  number: z.number().int(),
  /** Epoch milliseconds, by the clock of the network. */
  at: z.number(),
  way: z.enum(['in', 'out']),
  protocol: z.string(),
  /** `192.0.2.7:5060` */
  local: z.string(),
  remote: z.string(),
  /** Who is at the far end: `HD0001`, `trunk paris-carrier`, `node london-1`; null: unknown. */
  peer: z.string().nullable(),
  callId: z.string(),
  text: z.string(),
})

/** What one node may ask another, or a command a node: fields of the request, and the reply. No secret is in either. */
export const requests = {
  plan: { ask: z.object({}), reply: plan },
  /** Where a call would go; see `hotdesk why`. The digits dialled may be a PIN: `subject` is sealed, and `shown` has them only if they lead somewhere. */
  why: {
    ask: z.object({ subject: z.string().max(500), from: z.string().max(64).nullable() }),
    reply: z.object({
      shown: z.string(),
      from: z.string().nullable(),
      caller: z.string(),
      remarks: z.array(z.string()),
      explanation,
      plan,
    }),
  },
  /** What a phone of the site dials to reach these numbers by the plans of other sites; null: nothing leads there. */
  breakOutCodes: {
    ask: z.object({ wanted: z.array(z.object({ site: z.string().max(32), digits: z.string().max(32) })).max(120) }),
    reply: z.object({ codes: z.array(z.string().nullable()) }),
  },
  trunks: { ask: z.object({}), reply: z.object({ trunks: z.array(trunk) }) },
  /** Calls in progress at the node. */
  calls: { ask: z.object({}), reply: z.object({ calls: z.array(call) }) },
  hangup: { ask: z.object({ call: z.string() }), reply: z.object({ outcome: z.enum(['ended', 'emergency', 'unknown']) }) },
  /** Takes no new calls; ends after the last one, unless it stays. */
  drain: { ask: z.object({ stay: z.boolean(), phoneSeconds: z.number().int().nonnegative() }), reply: drainState },
  /** A node of an earlier version does not report whether it was draining. */
  undrain: { ask: z.object({}), reply: drainState.extend({ wasDraining: z.boolean().default(true) }) },
  draining: { ask: z.object({}), reply: drainState },
  /** A text for phones of an emergency desk that are registered at the node. */
  notice: {
    ask: z.object({ devices: z.array(z.string()).max(100), text: z.string().max(1_000) }),
    /** The phones that have taken it. */
    reply: z.object({ reached: z.array(z.string()) }),
  },
  /** A call by which an operator proves that calls work; see `hotdesk test-call`. `target` is sealed, because it may be a PIN. */
  testCall: {
    ask: z.object({
      target: z.string().max(500),
      from: z.string().max(64).nullable(),
      ringSeconds: z.number().int().min(1).max(120),
      talkSeconds: z.number().int().min(1).max(120),
    }),
    reply: z.object({ call: z.string() }),
  },
  /** How far the test call is. It ends if nobody asks. */
  testCallState: { ask: z.object({ call: z.string() }), reply: z.object({ state: testState.nullable() }) },
  /** Begins a trace, which ends when nobody has asked for its messages for a while. */
  trace: {
    ask: z.object({
      subject: traceSubject,
      /** Messages from now on, or those in memory as well. */
      from: z.enum(['now', 'recorded']),
      /** Of all nodes of a trace, one writes the event. */
      audit: z.boolean(),
    }),
    reply: z.discriminatedUnion('outcome', [
      /** `known`: the node knows the phone or the call. */
      z.object({ outcome: z.literal('begun'), trace: z.string(), known: z.boolean() }),
      /** The SIP server is a drachtio-server, which does not report its messages. */
      z.object({ outcome: z.literal('unavailable') }),
    ]),
  },
  /** New messages of a trace. */
  traced: {
    ask: z.object({
      trace: z.string().max(64),
      /** Call-IDs that other nodes have found since. */
      callIds: z.array(z.string().max(256)).max(200),
      /** How long to wait for a message. */
      waitMs: z.number().int().min(0).max(3_000),
    }),
    reply: z.object({
      /** False: the trace has ended here, or the node was restarted. */
      known: z.boolean(),
      messages: z.array(message),
      /** Call-IDs that this node has found since. */
      callIds: z.array(z.string()),
      /** Messages that were overwritten before they could be looked at, of this trace or not. */
      missed: z.number().int(),
      /** More messages are ready. */
      more: z.boolean(),
      /** A call of the trace is in progress here. */
      open: z.boolean(),
    }),
  },
  /** A call to phones of an emergency desk that are registered at the node; `words`: names of prompts. */
  announce: {
    ask: z.object({ devices: z.array(z.string()).max(100), words: z.array(z.string().max(64)).max(100) }),
    /** The phone that has heard it all. */
    reply: z.object({ heard: z.string().nullable() }),
  },
  reload: {
    ask: z.object({}),
    reply: z.object({
      /** What has changed and is in force now: `the dial plan`, names of settings. */
      changed: z.array(z.string()),
      /** Names of settings that have changed and need a restart. */
      restart: z.array(z.string()),
      /** Of the dial plan in force. */
      fingerprint: z.string(),
    }),
  },
} as const

export type RequestKind = keyof typeof requests
type Requests = typeof requests
export type Asked<Kind extends RequestKind> = z.output<Requests[Kind]['ask']>
export type Reply<Kind extends RequestKind> = z.output<Requests[Kind]['reply']>

/** Replies as the node makes them. */
export type Frozen<Value> = Value extends readonly (infer Item)[]
  ? readonly Frozen<Item>[]
  : Value extends object
    ? { readonly [Key in keyof Value]: Frozen<Value[Key]> }
    : Value

/** `{ kind: 'plan', asked: {} }` */
export interface Request<Kind extends RequestKind> {
  readonly kind: Kind
  readonly asked: Asked<Kind>
}

/** Who asks: `alice@host`, for the audit. */
export type Asker = string

/** The parts of the node that carry out requests. */
export type Handlers = {
  readonly [Kind in RequestKind]: (asked: Asked<Kind>, by: Asker) => Promise<Frozen<Reply<Kind>>> | Frozen<Reply<Kind>>
}

/** A request on its way. */
export const envelope = z.object({ version: z.number().int(), kind: z.string(), by: z.string().max(320), asked: z.unknown() })

/** A reply on its way. `unknown`: the node is of an earlier version. */
export const answer = z.discriminatedUnion('outcome', [
  z.object({ outcome: z.literal('done'), reply: z.unknown() }),
  z.object({ outcome: z.literal('unknown') }),
  z.object({
    outcome: z.literal('refused'),
    error: z.object({ code: z.string(), says: z.string(), todo: z.string(), message: z.string() }),
  }),
])
export type Answer = z.infer<typeof answer>
