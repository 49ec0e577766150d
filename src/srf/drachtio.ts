import type { EventEmitter } from 'node:events'
import type { Socket } from 'node:net'
import DrachtioSrf from 'drachtio-srf'

// The package's own declarations are incomplete and partly wrong. These describe the parts that we use.

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
  readonly stackDialogId?: string
}

export interface DrachtioRequest extends DrachtioMessage, EventEmitter {
  readonly res: DrachtioResponse
  cancel(parts: { readonly headers?: Headers }, done: (fault: Error | null) => void): void
}

type Headers = Readonly<Record<string, string | readonly string[]>>

interface DrachtioResponse {
  /** `sent`: the response as it was sent. */
  send(
    status: number,
    reason: string | undefined,
    parts: { headers?: Headers; body?: string },
    done?: (fault: unknown, sent?: Pick<DrachtioMessage, 'get'>) => void,
  ): void
  /** The dialog that a 2xx has created, from the time it was sent. */
  readonly stackDialogId?: string
  readonly finalResponseSent: boolean
  /** Set when a final response is sent, even if the SIP server refuses it. */
  finished: boolean
}

export type DrachtioAck = (parts: { body: string }) => void

export interface DrachtioDialog extends EventEmitter {
  readonly id: string
  /** uac: the 200; uas: our own. */
  readonly res: DrachtioMessage
  readonly sip: { readonly callId: string; readonly localTag: string; readonly remoteTag: string }
  readonly type: 'uac' | 'uas'
  readonly connected: boolean
  /** Lists the dialog until it has ended. */
  readonly srf: { removeDialog(dialog: DrachtioDialog): void }
  destroy(parts: { headers?: Headers }, done: (fault: unknown) => void): void
  request(
    parts: { method: string; headers?: Headers; body?: string; noAck?: boolean },
    done: (fault: unknown, response: DrachtioReply, ack?: DrachtioAck) => void,
  ): void
}

/** A response, and the request as it was sent. */
interface DrachtioReply extends DrachtioMessage {
  readonly req: DrachtioMessage
}

/** The result of `createUAC` for an INVITE without an offer. */
export interface DrachtioOffered {
  readonly res: DrachtioMessage
  ack(sdp: string): Promise<DrachtioDialog>
  destroy(): Promise<void>
}

/** A failure of `createUAC`. `res` is the final response; a refusal by the SIP server has neither response nor status. */
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
  /** Sends the request in this dialog. */
  readonly stackDialogId?: string
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
    progress: { cbRequest(fault: unknown, request?: DrachtioRequest): void; cbProvisional(response: DrachtioMessage): void },
    done: (fault: DrachtioFailure | null, dialog: DrachtioDialog | DrachtioOffered) => void,
  ): void
  readonly app: { readonly client?: DrachtioAgent }
}

/** The agent that drachtio-srf is built on. */
export interface DrachtioAgent {
  /** Sent with `authenticate`. */
  tags: readonly string[]
  /** The state of each connection. */
  mapServer: DrachtioSocketTable
  _makeRequest(params: DrachtioSending): unknown
  readonly wp: DrachtioWire
}

interface DrachtioSending {
  readonly socket: Socket
  readonly options: { readonly stackDialogId?: string; readonly [option: string]: unknown }
  readonly [part: string]: unknown
}

/** The admin connection: frames and sockets. */
export interface DrachtioWire extends EventEmitter {
  /** Ends the reconnecting, except for an attempt that is already scheduled. */
  closing?: boolean
  /** The socket of the latest attempt to reconnect. */
  readonly socket?: Socket
  /** Called with each new socket before it is connected. */
  installListeners(socket: Socket): void
  /** Returns the id of the frame. */
  send(socket: Socket, message: string): string
}

/** The part of a Map that the agent uses. */
export interface DrachtioSocketTable {
  get(socket: Socket): DrachtioSocketState | undefined
  has(socket: Socket): boolean
  set(socket: Socket, state: DrachtioSocketState): void
  delete(socket: Socket): void
  keys(): IterableIterator<Socket | undefined>
  forEach(run: (state: DrachtioSocketState, socket: Socket) => void): void
  readonly size: number
}

/** Pending requests, by the ids of frames, transactions and dialogs. */
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
