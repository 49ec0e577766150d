import type { EventEmitter } from 'node:events'
import type { Socket } from 'node:net'
import DrachtioSrf from 'drachtio-srf'

// The package's own declarations lack half of what it does and disagree with the rest: these say what is used here.

export interface DrachtioMessage {
  readonly method: string
  readonly uri: string
  readonly status: number
  readonly reason: string
  readonly body: string | undefined
  get(name: string): string | undefined
  readonly source_address: string
  readonly source_port: number
  readonly protocol: string
  readonly receivedOn?: string
}

export interface DrachtioRequest extends DrachtioMessage, EventEmitter {
  readonly res: DrachtioResponse
  cancel(parts: { readonly headers?: Headers }, done: (fault: Error | null) => void): void
}

type Headers = Readonly<Record<string, string | readonly string[]>>

interface DrachtioResponse {
  send(status: number, reason: string | undefined, parts: { headers?: Headers; body?: string }, done?: (fault: unknown) => void): void
  readonly finalResponseSent: boolean
  /** Set by sending a final response, even by one that the SIP server then refuses. */
  finished: boolean
}

type DrachtioAck = (parts: { body: string }) => void

export interface DrachtioDialog extends EventEmitter {
  readonly id: string
  /** uac: the 200; uas: our own. */
  readonly res: DrachtioMessage
  readonly sip: { readonly callId: string }
  readonly connected: boolean
  /** Where it is listed until one of its sides has ended it. */
  readonly srf: { removeDialog(dialog: DrachtioDialog): void }
  destroy(parts: { headers?: Headers }, done: (fault: unknown) => void): void
  request(
    parts: { method: string; headers?: Headers; body?: string; noAck?: boolean },
    done: (fault: unknown, answer: DrachtioReply, ack?: DrachtioAck) => void,
  ): void
}

/** A response, and the request as it was sent. */
interface DrachtioReply extends DrachtioMessage {
  readonly req: DrachtioMessage
}

/** What `createUAC` gives for an INVITE without an offer. */
export interface DrachtioOffered {
  readonly res: DrachtioMessage
  ack(sdp: string): Promise<DrachtioDialog>
  destroy(): Promise<void>
}

/** The failure of `createUAC`: the final response in `res`, or a refusal of the SIP server with neither. */
export interface DrachtioFailure extends Error {
  readonly status?: number
  readonly reason?: string
  readonly res?: DrachtioMessage
}

export interface UacParts {
  readonly headers: Headers
  readonly localSdp?: string
  readonly proxy?: string
  readonly noAck: true
}

interface RequestParts {
  readonly uri: string
  readonly method: string
  readonly headers: Headers
  readonly body?: string
  readonly proxy?: string
}

export interface Drachtio extends EventEmitter {
  connect(admin: { host: string; port: number; secret: string; reconnect: { retryMaxDelay: number } }): void
  disconnect(): void
  use(handle: (request: DrachtioRequest, response: DrachtioResponse, next: () => void) => void): void
  use(method: string, handle: (request: DrachtioRequest, response: DrachtioResponse) => void): void
  request(parts: RequestParts, done: (fault: Error | null, request: DrachtioRequest) => void): void
  createUAS(
    request: DrachtioRequest,
    response: DrachtioResponse,
    parts: { localSdp: string; headers: Headers },
    done: (fault: unknown, dialog: DrachtioDialog) => void,
  ): void
  createUAC(
    uri: string,
    parts: UacParts,
    progress: { cbRequest(fault: unknown, request?: DrachtioRequest): void; cbProvisional(answer: DrachtioMessage): void },
    done: (fault: DrachtioFailure | null, dialog: DrachtioDialog | DrachtioOffered) => void,
  ): void
  readonly app: { readonly client?: DrachtioAgent }
}

/** The agent beneath. */
export interface DrachtioAgent {
  /** Sent with `authenticate`. */
  tags: readonly string[]
  /** All that belongs to a connection. */
  mapServer: DrachtioSocketTable
  _makeRequest(params: DrachtioSending): unknown
  readonly wp: DrachtioWire
}

interface DrachtioSending {
  readonly socket: Socket
  readonly options: { readonly stackDialogId?: string; readonly [option: string]: unknown }
  readonly [part: string]: unknown
}

/** Frames and sockets. */
export interface DrachtioWire extends EventEmitter {
  /** Ends the endless reconnecting, but for an attempt that is already due. */
  closing?: boolean
  /** The connection of the latest attempt to reconnect. */
  readonly socket?: Socket
  /** Given each new connection, before it is established. */
  installListeners(socket: Socket): void
  /** Answers the id of the frame. */
  send(socket: Socket, message: string): string
}

/** As much of a Map as the agent uses. */
export interface DrachtioSocketTable {
  get(socket: Socket): DrachtioSocketState | undefined
  has(socket: Socket): boolean
  set(socket: Socket, state: DrachtioSocketState): void
  delete(socket: Socket): void
  keys(): Iterator<Socket | undefined>
  forEach(run: (state: DrachtioSocketState, socket: Socket) => void): void
  readonly size: number
}

/** What waits for an answer, by ids of frames, transactions and dialogs. */
export interface DrachtioSocketState {
  readonly pendingRequests: Map<string, unknown>
  readonly pendingSipRequests: Map<string, { readonly req: DrachtioRequest }>
  readonly pendingSipAuthRequests: Map<string, unknown>
  readonly pendingNetworkInvites: Map<string, unknown>
  readonly pendingAckOrPrack: Map<string, unknown>
}

export function newDrachtio(): Drachtio {
  return new DrachtioSrf() as unknown as Drachtio
}
