import type { Clock } from '../../base/clock.js'
import { createEmitter } from '../../base/emitter.js'
import { type AppError, errors, messageOf } from '../../base/errors.js'
import type { Logger } from '../../base/logger.js'
import type { SavedDialog } from '../../sip/saved-dialog.js'
import type { FarEnd, SipReply } from '../contract.js'
import type { Drachtio, DrachtioWire } from '../drachtio.js'
import { linkLost, localReply } from '../messages.js'
import { createFarEnds } from './far-ends.js'
import { makeResumable, type Resumption } from './resumption.js'

/** The link to the SIP server. A lost link answers every request that waits, and a fault in a handler stays inside its call. */
export interface Connection {
  readonly listening: readonly string[]
  readonly connected: boolean
  /** Calls the listener once, at the next loss. Returns the function that removes it. */
  onLost(listener: () => void): () => void
  /** Calls the listener at every connection that does not resume the one before. Returns the function that removes it. */
  onReconnected(listener: () => void): () => void
  /** Runs a request with a callback. The reply is 503 if the link is lost or the request is refused at once. */
  settle<Reply extends SipReply>(start: (done: (reply: Reply | SipReply) => void) => void): Promise<Reply | SipReply>
  /** Runs a handler and logs its fault. `onFault` may still respond to the request. */
  guard(what: string, run: () => void | Promise<void>, onFault?: () => void): void
  /** Returns the function that stops. */
  follow(dialogId: string, farEnd: FarEnd): () => void
  /** Lets the SIP server continue a dialog of another process. If the server refuses, requests in the dialog get 481. */
  restore(saved: SavedDialog): void
  /** Logs that a request which ends a dialog has not reached the far end. */
  undelivered(method: string, callId: string, reply: SipReply): void
  close(): void
}

export interface ConnectionNeeds {
  readonly drachtio: Drachtio
  readonly admin: { readonly host: string; readonly port: number; readonly secret: string }
  readonly log: Logger
  readonly clock: Clock
  /** Aborted when the connection is no longer needed. */
  readonly stopping?: AbortSignal | undefined
}

/** Resolves when the SIP server has accepted the secret. Retries until then; rejects if the secret is refused, or when `stopping` is aborted. */
export function connect({ drachtio, admin, log, clock, stopping }: ConnectionNeeds): Promise<Connection> {
  const lostListeners = new Set<() => void>()
  const reconnected = createEmitter<[]>((fault) => log.error({ event: 'node.fault', err: fault }, 'a listener of the SIP server failed'))
  let listening: readonly string[] = []
  let connected = false
  let closing = false
  /** The connection is broken, and the link may resume over another one. */
  let isInterrupted = false
  let resumption: Resumption | null = null

  function lost(): void {
    if (!connected) return
    connected = false
    if (!closing) log.error({ event: 'sip.lost', host: admin.host, port: admin.port }, 'SIP server lost; trying again until it is back')
    for (const listener of lostListeners) listener()
    lostListeners.clear()
  }

  function closed(): void {
    isInterrupted = !closing && connected && (resumption?.awaits(lost) ?? false)
    if (!isInterrupted) lost()
  }

  function accepted(hostports: string): void {
    lost()
    listening = hostports.split(',').filter((hostport) => hostport !== '')
    connected = true
    log.info({ event: 'sip.connected', listening }, 'SIP server connected')
    reconnected.emit()
  }

  function onLost(listener: () => void): () => void {
    lostListeners.add(listener)
    return () => lostListeners.delete(listener)
  }

  const connection: Connection = {
    get listening() {
      return listening
    },
    get connected() {
      return connected
    },
    onLost,
    onReconnected: reconnected.on,
    settle: (start) => (connected ? settled(start, onLost) : Promise.resolve(linkLost)),
    guard: guardWith(log),
    restore: (saved) => restoreDialog(drachtio, saved),
    ...dialogEnds(drachtio, log),
    close() {
      closing = true
      resumption?.leave()
      if (connected && !isInterrupted) drachtio.disconnect()
      else if (drachtio.app.client?.wp) stopConnecting(drachtio.app.client.wp)
      lost()
    },
  }

  return new Promise((resolve, reject) => {
    stopping?.addEventListener('abort', () => {
      connection.close()
      reject(stopping.reason)
    })
    drachtio.on('connect', (refusal: Error | null, hostports: string) => {
      if (closing) return
      isInterrupted = false
      if (!refusal && resumption?.connected() === 'resumed') {
        log.warn(
          { event: 'sip.resumed' },
          'the link to the SIP server was interrupted and has resumed over another connection; no call is lost',
        )
        return
      }
      if (!refusal) {
        accepted(hostports)
        return resolve(connection)
      }
      connection.close()
      reject(secretRefused(admin))
    })
    drachtio.on('error', (fault: Error) => {
      if (!connected && !closing)
        log.warn({ event: 'sip.lost', reason: fault.message }, `no SIP server at ${admin.host}:${admin.port}; trying again`)
    })
    drachtio.on('close', closed)
    drachtio.connect({ ...admin, reconnect: { retryMaxDelay: 1000 } })
    if (drachtio.app.client) resumption = makeResumable(drachtio.app.client, clock)
  })
}

function settled<Reply extends SipReply>(
  start: (done: (reply: Reply | SipReply) => void) => void,
  onLost: Connection['onLost'],
): Promise<Reply | SipReply> {
  return new Promise((resolve) => {
    const forget = onLost(() => resolve(linkLost))
    try {
      start((reply) => {
        forget()
        resolve(reply)
      })
    } catch (fault) {
      forget()
      resolve(localReply(503, messageOf(fault)))
    }
  })
}

/** A server that accepts the connection but stays silent would keep the process alive. */
function stopConnecting(wire: DrachtioWire): void {
  wire.closing = true
  wire.socket?.destroy()
  wire.installListeners = (socket) => void socket.destroy()
}

function guardWith(log: Logger): Connection['guard'] {
  return (what, run, onFault) =>
    void Promise.resolve()
      .then(run)
      .catch((fault: unknown) => {
        log.error({ event: 'call.fault', err: fault }, `${what} failed`)
        onFault?.()
      })
}

function dialogEnds(drachtio: Drachtio, log: Logger): Pick<Connection, 'follow' | 'undelivered'> {
  return {
    follow: createFarEnds(drachtio).follow,
    undelivered: (method, callId, { status, reason }) =>
      log.warn({ event: 'call.undelivered', method, callId, status, reason }, `${method} did not reach the far end (${status} ${reason})`),
  }
}

function restoreDialog(drachtio: Drachtio, saved: SavedDialog): void {
  const agent = drachtio.app.client
  const [socket] = agent ? [...agent.mapServer.keys()] : []
  if (agent && socket) agent.wp.send(socket, `restore\r\n${JSON.stringify(saved)}`)
}

function secretRefused({ host, port }: ConnectionNeeds['admin']): AppError {
  return errors.SIP_SERVER_REFUSED.secret({ host, port })
}
