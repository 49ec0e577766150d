import { Worker } from 'node:worker_threads'
import type { Alarm, Milliseconds } from '../../base/clock.js'
import { messageOf } from '../../base/errors.js'
import type { Level } from '../../base/logger.js'
import type { Sipd, SipdCounts, SipdNeeds } from '../contract.js'
import type { Recorded, RecordSearch } from '../recording.js'
import type { KnownSources } from '../transaction/admission/sources/known-sources.js'
import type { TlsIdentity } from '../transport/tls.js'
import { type Answer, type Beginning, bareIdentity, bareKnownSources } from './messages.js'
import { openThread, type StartWorker, type Thread, type UnnumberedQuestion } from './thread.js'

export interface SipdThreadNeeds extends SipdNeeds {
  /** Starts the thread. Tests keep a handle to end it. */
  readonly startWorker?: StartWorker
}

/** The pause before a thread that has died repeatedly is restarted. It doubles each time. */
const firstPauseMs: Milliseconds = 100
const longestPauseMs: Milliseconds = 5_000
/** After this time, a thread has started successfully. */
const goodStartMs: Milliseconds = 30_000
/** A request for counts or messages does not wait longer for a busy thread. */
const answerMs: Milliseconds = 1_000

const workerFile = new URL('./worker.js', import.meta.url)

/**
 * The same server in a thread of its own. When the thread dies, it is restarted on the same ports with the same secret. Its calls are lost, and
 * the applications reconnect. @throws AppError PORT_IN_USE, ADDRESS_UNAVAILABLE, CONFIG_INVALID
 */
export async function createSipdThread(needs: SipdThreadNeeds): Promise<Sipd> {
  const keeper = newKeeper(needs)
  const first = await keeper.open()
  const { listening, admin } = first.places
  keeper.keep(first)
  return {
    listening,
    admin,
    async renewTls(identity) {
      await keeper.thread?.ask({ kind: 'renew tls', identity: bareIdentity(identity) })
      keeper.tls = identity
    },
    async setLogLevel(level) {
      const previous = keeper.level
      keeper.level = level
      try {
        await keeper.thread?.ask({ kind: 'log level', level })
      } catch (fault) {
        keeper.level = previous
        throw fault
      }
    },
    async setKnownSources(sources) {
      // Kept first, because a thread that is being restarted starts with it.
      keeper.known = sources
      await keeper.thread?.ask({ kind: 'known sources', knownSources: bareKnownSources(sources) })
    },
    async closeIdle(flows) {
      await keeper.thread?.ask({ kind: 'close idle', flows })
    },
    counts: () => countsOf(keeper),
    recorded: (search) => recordedBy(keeper, search),
    close: () => close(keeper),
  }
}

interface Keeper extends SipdThreadNeeds {
  tls: TlsIdentity | null
  known: KnownSources | null
  level: Level
  /** Null while no thread runs. */
  thread: Thread | null
  restarts: number
  /** Consecutive deaths soon after the start. */
  failures: number
  pausing: Alarm | null
  opening: Promise<unknown> | null
  closing: boolean
  /** Starts a thread, on the ports of the first one. */
  open(): Promise<Thread>
  /** Uses this thread, and restarts it when it dies. */
  keep(thread: Thread): void
}

function newKeeper(needs: SipdThreadNeeds): Keeper {
  const keeper: Keeper = {
    ...needs,
    tls: needs.tls ?? null,
    known: needs.knownSources ?? null,
    level: needs.log.level as Level,
    thread: null,
    restarts: 0,
    failures: 0,
    pausing: null,
    opening: null,
    closing: false,
    async open() {
      const { startWorker: start = startSipd, clock, log, flowGone = ignore } = keeper
      const thread = await openThread({ start, beginning: beginningOf(keeper, bound), clock, log, flowGone })
      bound ??= thread.places
      return thread
    },
    keep(thread) {
      keeper.thread = thread
      const began = keeper.clock.now()
      void thread.ended.then((why) => replace(keeper, why, keeper.clock.now() - began))
    },
  }
  let bound: Thread['places'] | null = null
  return keeper
}

function startSipd(workerData: Beginning): Worker {
  return new Worker(workerFile, { name: 'sipd', workerData })
}

function beginningOf(
  { listen, advertise, origins, admin, outbound, timers, patienceMs, emergency, reportsTrying, secret, tls, known, level }: Keeper,
  bound: Thread['places'] | null,
): Beginning {
  return {
    listen: listen.map((place, index) => ({ ...place, port: bound?.listening[index]?.port ?? place.port })),
    advertise,
    admin: { ...admin, ...bound?.admin },
    ...(origins !== undefined && { origins }),
    ...(outbound !== undefined && { outbound }),
    timers,
    ...(patienceMs !== undefined && { patienceMs }),
    ...(emergency !== undefined && { emergency }),
    ...(reportsTrying !== undefined && { reportsTrying }),
    secret: secret.reveal(),
    tls: tls && bareIdentity(tls),
    knownSources: known && bareKnownSources(known),
    level,
  }
}

function replace(keeper: Keeper, why: unknown, lived: Milliseconds): void {
  keeper.thread = null
  if (keeper.closing) return
  keeper.log.error({ event: 'sip.lost', err: why }, 'the thread of the SIP server has died with all its calls; starting another')
  keeper.failures = lived < goodStartMs ? keeper.failures + 1 : 0
  openAgain(keeper)
}

function openAgain(keeper: Keeper): void {
  const { clock, log, failures } = keeper
  const pause = failures <= 1 ? 0 : Math.min(firstPauseMs * 2 ** (failures - 2), longestPauseMs)
  keeper.pausing = clock.after(pause, () => {
    keeper.opening = keeper.open().then(
      (thread) => {
        keeper.restarts += 1
        log.warn({ event: 'sip.restarted', restarts: keeper.restarts }, 'the SIP server is running again')
        keeper.keep(thread)
      },
      (fault: unknown) => {
        if (keeper.closing) return
        log.error({ event: 'sip.lost', err: fault }, `the SIP server could not be restarted: ${messageOf(fault)}`)
        keeper.failures += 1
        openAgain(keeper)
      },
    )
  })
}

async function countsOf(keeper: Keeper): Promise<SipdCounts | null> {
  const counts = (await answerInTime(keeper, { kind: 'counts' }))?.counts
  return counts ? { ...counts, restarts: keeper.restarts } : null
}

async function recordedBy(keeper: Keeper, search: RecordSearch): Promise<Recorded | null> {
  return (await answerInTime(keeper, { kind: 'recorded', search }))?.recorded ?? null
}

/** Null if there is no thread, or it does not respond in time. */
function answerInTime({ thread, clock }: Keeper, question: UnnumberedQuestion): Promise<Answer | null> {
  return new Promise((resolve) => {
    if (!thread) return resolve(null)
    const alarm = clock.after(answerMs, () => resolve(null))
    thread
      .ask(question)
      .then(resolve, () => resolve(null))
      .finally(() => alarm.cancel())
  })
}

async function close(keeper: Keeper): Promise<void> {
  keeper.closing = true
  keeper.pausing?.cancel()
  await keeper.opening
  await keeper.thread?.end()
}

function ignore(): void {
  // No listener.
}
