import type { Clock } from '../base/clock.js'
import { AppError, messageOf } from '../base/errors.js'
import type { Logger } from '../base/logger.js'
import type { FarEnd, SipReply } from './contract.js'
import type { Drachtio, DrachtioWire } from './drachtio.js'
import { createFarEnds } from './far-ends.js'
import { linkLost, localReply } from './messages.js'
import { makeResumable, type Resumption } from './resumption.js'

/** The link to the SIP server: what waits for it is answered when the link is lost, and no handler's fault leaves its call. */
export interface Connection {
  readonly listening: readonly string[]
  readonly connected: boolean
  /** Once, at the next loss. Answers the function that takes the listener off. */
  onLost(listener: () => void): () => void
  /** Runs a callback style request; a lost link, or a refusal thrown at once, answers 503. */
  settle<Answer extends SipReply>(start: (done: (answer: Answer | SipReply) => void) => void): Promise<Answer | SipReply>
  /** Runs a handler; its fault is logged and stays inside the call. `onFault` may still answer the request. */
  guard(what: string, run: () => void | Promise<void>, onFault?: () => void): void
  /** Answers the function that stops. */
  follow(dialogId: string, farEnd: FarEnd): () => void
  /** A request that ends a dialog has not reached its far end. */
  undelivered(method: string, callId: string, answer: SipReply): void
  close(): void
}

export interface ConnectionNeeds {
  readonly drachtio: Drachtio
  readonly admin: { readonly host: string; readonly port: number; readonly secret: string }
  readonly log: Logger
  readonly clock: Clock
  /** Aborted when nobody needs the connection any more. */
  readonly stopping?: AbortSignal | undefined
}

/** Resolves when the SIP server has taken us. It is tried again and again; a refused secret rejects, and `stopping` as well. */
export function connect({ drachtio, admin, log, clock, stopping }: ConnectionNeeds): Promise<Connection> {
  const lostListeners = new Set<() => void>()
  let listening: readonly string[] = []
  let connected = false
  let closing = false
  /** The link is broken and may go on over another connection. */
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

  function taken(hostports: string): void {
    lost()
    listening = hostports.split(',').filter((hostport) => hostport !== '')
    connected = true
    log.info({ event: 'sip.connected', listening }, 'SIP server connected')
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
    settle: (start) => (connected ? settled(start, onLost) : Promise.resolve(linkLost)),
    guard: guardWith(log),
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
        log.warn({ event: 'sip.resumed' }, 'the link to the SIP server was broken, and goes on over another connection; no call is lost')
        return
      }
      if (!refusal) {
        taken(hostports)
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

function settled<Answer extends SipReply>(
  start: (done: (answer: Answer | SipReply) => void) => void,
  onLost: Connection['onLost'],
): Promise<Answer | SipReply> {
  return new Promise((resolve) => {
    const forget = onLost(() => resolve(linkLost))
    try {
      start((answer) => {
        forget()
        resolve(answer)
      })
    } catch (fault) {
      forget()
      resolve(localReply(503, messageOf(fault)))
    }
  })
}

/** A server that accepts a connection and says nothing would keep the process alive. */
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

function secretRefused({ host, port }: ConnectionNeeds['admin']): AppError {
  return new AppError('SIP_SERVER_REFUSED', `the SIP server at ${host}:${port} refused the secret; set HOTDESK_DRACHTIO_SECRET`)
}
