import type { Redis } from 'ioredis'
import { type Alarm, type Clock, every } from '../../base/clock.js'
import { createEmitter } from '../../base/emitter.js'
import { type ErrorCode, isAppError, messageOf } from '../../base/errors.js'
import type { Logger } from '../../base/logger.js'
import type { StoreState } from '../contract.js'
import type { TargetText, Trouble } from './connection-errors.js'
import { createOutageReasons } from './outage-reasons.js'

/** The connections to Redis: `connected` if all are open, prepared and healthy, otherwise `lost`. */
export interface Link {
  readonly state: StoreState
  onState(listener: (state: StoreState) => void): () => void
  /** Why Redis is lost, if known; null while it is connected. */
  readonly trouble: Trouble | null
  /**
   * Starts to connect. Resolves at the first `connected`.
   * @throws AppError STORE_TOO_OLD, STORE_NEWER, STORE_FUNCTIONS if Redis answers but must not be used
   */
  open(): Promise<void>
  /** The copy may differ from Redis: reconnects and prepares again. */
  renew(reason: unknown): void
  /** Prepares again over the same connections. */
  resync(): void
  /** Lets a preparation finish if Redis answers. The state does not change. */
  close(): Promise<void>
}

export interface LinkNeeds {
  readonly connections: readonly Redis[]
  /** Everything between open connections and a fresh copy. */
  readonly prepare: () => Promise<void>
  readonly healthy: () => Promise<boolean>
  readonly targetText: TargetText
  readonly clock: Clock
  readonly log: Logger
}

const healthEveryMs = 1_000
const retryMs = 1_000
const reviveMs = 300
const endWithinMs = 2_000
/** Redis answers, but only an operator can help. */
const unusable: readonly ErrorCode[] = ['STORE_TOO_OLD', 'STORE_NEWER', 'STORE_FUNCTIONS']

export function createLink({ connections, prepare, healthy, targetText, clock, log }: LinkNeeds): Link {
  const states = createEmitter<[StoreState]>((fault) => log.error({ event: 'node.fault', err: fault }, 'a listener of the store failed'))
  let state: StoreState = 'lost'
  let preparing = false
  let prepared: Promise<void> = Promise.resolve()
  let again = false
  let closed = false
  const outageReasons = createOutageReasons({ connections, targetText, isOpen: () => !closed, log })
  const revivals = new Map<Redis, Alarm>()
  let retry: Alarm | null = null
  let opened: { resolve: () => void; reject: (fault: unknown) => void } | null = null

  for (const connection of connections) {
    connection.on('ready', prepareSoon)
    connection.on('close', () => become('lost'))
    // If sentinels or a cluster know no primary, a connection gives up for good.
    connection.on('end', () => {
      if (!closed)
        revivals.set(
          connection,
          clock.after(reviveMs, () => connect(connection)),
        )
    })
  }
  const health = every(clock, healthEveryMs, checkHealth, (fault) => renew(fault))

  /** 'error' reports a refused attempt, and the connection retries by itself. */
  function connect(connection: Redis): void {
    if (!closed) connection.connect().catch(() => undefined)
  }

  function become(next: StoreState): void {
    if (state === next || closed) return
    state = next
    outageReasons.reset()
    if (next === 'connected') log.info({ event: 'store.connected' }, `Redis is connected (${targetText.cli})`)
    else log.warn({ event: 'store.lost' }, 'Redis is lost: calls go on from the copy in memory, logins are refused until it is back')
    states.emit(next)
  }

  function prepareSoon(): void {
    again = true
    if (!preparing) prepared = prepareAll()
  }

  async function prepareAll(): Promise<void> {
    preparing = true
    try {
      while (again && !closed && connections.every((connection) => connection.status === 'ready')) {
        again = false
        await prepare()
        if (!again && connections.every((connection) => connection.status === 'ready')) become('connected')
      }
      if (state === 'connected') opened?.resolve()
    } catch (fault) {
      prepareFailed(fault)
    } finally {
      preparing = false
    }
  }

  function prepareFailed(fault: unknown): void {
    if (isAppError(fault) && unusable.includes(fault.code)) opened?.reject(fault)
    outageReasons.note(fault)
    retry?.cancel()
    if (!closed) retry = clock.after(retryMs, prepareSoon)
  }

  /** Checks twice: if this process was busy for a second, its first query times out before it reads the reply. */
  async function checkHealth(): Promise<void> {
    if (state === 'lost') outageReasons.check()
    if (state === 'lost' || (await healthy().catch(() => false))) return
    if (!(await healthy())) throw new Error('Redis no longer reports changes')
  }

  function renew(reason: unknown): void {
    if (state !== 'connected' || closed) return
    log.warn({ event: 'store.lost' }, `reconnecting to Redis: ${messageOf(reason)}`)
    become('lost')
    for (const connection of connections) connection.disconnect(true)
  }

  return {
    get state() {
      return state
    },
    onState: states.on,
    get trouble() {
      return state === 'lost' ? outageReasons.trouble : null
    },
    async open() {
      const first = new Promise<void>((resolve, reject) => {
        opened = { resolve, reject }
      })
      for (const connection of connections) connect(connection)
      await first
    },
    renew,
    resync: prepareSoon,
    async close() {
      closed = true
      health.cancel()
      retry?.cancel()
      for (const revival of revivals.values()) revival.cancel()
      await endSoon(prepared, clock)
      for (const connection of connections) connection.disconnect()
      // Without connections, no command waits any longer.
      await prepared
    },
  }
}

/** Waits for the end of the work, but not for long. */
function endSoon(work: Promise<void>, clock: Clock): Promise<void> {
  return new Promise((resolve) => {
    const alarm = clock.after(endWithinMs, resolve)
    void work.finally(() => {
      alarm.cancel()
      resolve()
    })
  })
}
