import { type Alarm, type Clock, every } from '../base/clock.js'
import { isAppError, messageOf } from '../base/errors.js'
import type { Durability } from '../config/config.js'
import { createBulkWriter } from './bulk-write.js'
import { createCommands } from './commands.js'
import { targetText } from './connections/address-text.js'
import { atEveryPrimary } from './connections/cluster.js'
import {
  answerWithinMs,
  clusterNeeds,
  createDestination,
  type Destination,
  newConnection,
  type ReachableTarget,
  requireOnePrimary,
} from './connections/connection.js'
import { type Trouble, troubleLine } from './connections/connection-errors.js'
import { createLink, type Link } from './connections/link.js'
import { createPrimaryWatch, type PrimaryWatch } from './connections/primary-watch.js'
import { createConfirmation } from './connections/write-confirmation.js'
import type { CopySource, Replica, Store, StoreNeeds } from './contract.js'
import type { Origin } from './copy/copy-file.js'
import { createReader, type Reader } from './copy/reader.js'
import { createReplica } from './copy/replica.js'
import { keepSavedCopy, type SavedCopy } from './copy/saved-copy.js'
import { type ChangeNotice, createTracking } from './copy/tracking.js'
import { startRedisServer } from './embedded/redis-server.js'
import { createIntegrity, type Integrity } from './integrity/integrity.js'
import { createKeys } from './keys.js'
import { createFunctionCallers } from './library/function-callers.js'
import { createLibrary, loadWhereMissing } from './library/library.js'
import { createMailbox } from './mailbox.js'
import { createRedisClock } from './redis-clock.js'
import { createTransitions } from './transitions.js'

export { redisTrouble } from './connections/address-text.js'
export { type Trouble, troubleLine } from './connections/connection-errors.js'
export { inspectRedis, type RedisReport } from './connections/server-info.js'
export type * from './contract.js'
export { readSavedCopy, type SavedRecords, savedRecordsIn } from './copy/copy-file.js'
export { embeddedSocket } from './embedded/data-directory.js'
export { removalMarks } from './integrity/removal-marks.js'
export { createKeptValues, type KeptValues, type KeptValuesNeeds } from './kept-values.js'
export { type Installation, installLibrary } from './library/installation.js'

/**
 * Opens the network's Redis; starts a server for `embedded`. If Redis does not answer, the store starts `lost`, with the saved copy, and
 * keeps trying.
 * @throws AppError REDIS_SERVER_MISSING, DATA_IN_USE (embedded); STORE_TOO_OLD (Redis answered but must not be used); STORE_NEWER,
 * STORE_FUNCTIONS (the same, if there is no saved copy)
 */
export async function createStore(needs: StoreNeeds): Promise<Store> {
  const { redis, data, clock, log, stopping } = needs
  if (redis.kind !== 'embedded') return openStore(needs, redis)
  const server = await startRedisServer({ data, clock, log, stopping })
  try {
    return await openStore({ ...needs, loading: 'own' }, { kind: 'socket', path: server.socket }, server.close)
  } catch (fault) {
    await server.close()
    throw fault
  }
}

async function openStore(needs: StoreNeeds, target: ReachableTarget, closeServer = () => Promise.resolve()): Promise<Store> {
  const { network, data, functions, loading, durability, clock, log, metrics } = needs
  const keys = createKeys(network)
  const destination = createDestination(target, keys.tag, clock)
  const { main, listener, writer, connections, ...writing } = connectionsTo(destination, durability, clock)
  const redisClock = createRedisClock({ clock, log })
  const timed = { clock, networkClock: redisClock, log, metrics }
  const replica = createReplica({ ...timed, onFault: (err) => log.error({ event: 'node.fault', err }, 'a listener of the copy failed') })
  const isConnected = (): boolean => link.state === 'connected'
  const integrity = createIntegrity({ ...timed, redis: main, keys, replica, savedCopy: () => savedCopy, isConnected })
  const reader = createReader({ redis: main, keys, replica, integrity, clock, log, onFault: (fault) => link.renew(fault) })
  const reading = createReading({ reader, integrity, isConnected })
  const onChanged = (notice: ChangeNotice): void => void [mailbox.onNotice, reader.changed].map((read) => read(notice))
  const tracking = createTracking({ main, listener, keys, onChanged, onFlushed: () => link.resync() })
  const library = createLibrary({ redis: main, keys, library: functions, loading, log, metrics })
  const names = targetText(target)
  const link = createLink({ connections, prepare, healthy, targetText: names, clock, log })
  const primaryWatch = createPrimaryWatch({ redis: main, destination, isConnected, leave: link.renew, log, metrics })
  const mailbox = createMailbox({ redis: main, keys, isConnected, onState: link.onState, clock, networkClock: redisClock, log })
  const isFresh = (): boolean => isConnected() && !reading.isUnderWay
  const savedCopy = keepSavedCopy({ ...timed, data, network, replica, origin: originOf(target), isFresh })
  let copyFrom: CopySource = 'nowhere'

  async function prepare(): Promise<void> {
    await requireOnePrimary(connections)
    await library.ensure()
    await redisClock.compare(main)
    if (target.kind === 'cluster' && (loading !== 'check' || library.hasLoaded)) void loadElsewhere(target, keys.tag, needs)
    await tracking.arm()
    await reading.all()
  }

  async function healthy(): Promise<boolean> {
    const questions = [tracking.isActive(), library.isInPlace(), primaryWatch.check()]
    const isHealthy = !(await Promise.all([...questions, redisClock.compare(main), writer.ping()])).includes(false)
    if (isHealthy && !(await integrity.check())) link.resync()
    return isHealthy
  }

  link.onState((state) => {
    replica.setFreshness(state === 'connected' ? 'fresh' : 'stale')
    if (state === 'lost') reader.lost()
    else copyFrom = 'redis'
  })
  const measuring = measure({ link, replica }, needs)
  const close = (): Promise<void> => closeAll({ measuring, primaryWatch, integrity, link, destination, reader, savedCopy, closeServer })

  if (await startsFromCopy({ link, savedCopy }, needs).catch((fault: unknown) => close().then(() => Promise.reject(fault))))
    copyFrom = 'disk'
  const callers = createFunctionCallers({ keys, reloadLibrary: library.ensure, code: functions.code, clock, metrics })
  return {
    network,
    get state() {
      return link.state
    },
    get copyFrom() {
      return copyFrom
    },
    replica,
    cli: names.cli,
    trouble: () => link.trouble,
    clock: redisClock,
    onState: link.onState,
    ...integrity.gaps,
    condition: () =>
      integrity.condition([...presence({ link, replica }, copyFrom, callers.missingRights()), library.trouble, primaryWatch.doubt]),
    ...createCommands({ redis: main, keys, callFunction: callers.connection(main), isConnected, clock: redisClock, metrics }),
    ...integrity.guarded(createTransitions({ ...timed, ...writing, callFunction: callers.connection(writer), redisClock, isConnected })),
    mailbox,
    ...createBulkWriter({ connect: () => newConnection(destination, bulk), keys, isConnected }),
    close,
  }
}

interface Closing {
  readonly measuring: Alarm
  readonly primaryWatch: Pick<PrimaryWatch, 'close'>
  readonly integrity: Pick<Integrity, 'close'>
  readonly link: Pick<Link, 'close'>
  readonly destination: Pick<Destination, 'close'>
  readonly reader: Pick<Reader, 'close'>
  readonly savedCopy: Pick<SavedCopy, 'close'>
  /** Stops an embedded Redis. */
  readonly closeServer: () => Promise<void>
}

async function closeAll({ measuring, primaryWatch, integrity, link, destination, reader, savedCopy, closeServer }: Closing): Promise<void> {
  try {
    measuring.cancel()
    primaryWatch.close()
    integrity.close()
    // A reading in progress may find the network emptied; then the copy must be saved before the end.
    await link.close()
    destination.close()
    reader.close()
    await savedCopy.close()
  } finally {
    await closeServer()
  }
}

interface ReadingNeeds {
  readonly reader: Pick<Reader, 'snapshot'>
  readonly integrity: Pick<Integrity, 'compareWithSaved' | 'reportEmptied'>
  readonly isConnected: () => boolean
}

/** Reads everything. During a reading, and after an interrupted one, the copy is not a consistent state of the network. */
function createReading({ reader, integrity, isConnected }: ReadingNeeds) {
  let isUnderWay = false
  return {
    get isUnderWay() {
      return isUnderWay
    },
    async all(): Promise<void> {
      isUnderWay = true
      await reader.snapshot(isConnected() ? 'flush' : 'loss')
      await integrity.compareWithSaved()
      integrity.reportEmptied()
      isUnderWay = false
    },
  }
}

/**
 * Opens the link. True: Redis was not reached, and the copy comes from the disk. If the library does not fit, a node with a saved copy serves
 * calls until an operator loads the library; a node without one does not start.
 */
async function startsFromCopy(
  { link, savedCopy }: { readonly link: Link; readonly savedCopy: SavedCopy },
  needs: StoreNeeds,
): Promise<boolean> {
  async function restore(): Promise<boolean> {
    return link.state === 'lost' && (await savedCopy.restore()) && link.state === 'lost'
  }
  try {
    return !(await withinStart(link.open(), needs)) && (await restore())
  } catch (fault) {
    if (isAppError(fault) && fault.code !== 'STORE_TOO_OLD' && (await restore())) return true
    throw fault
  }
}

/** Why the connections, or the functions, cannot be used. */
function presence(
  { link, replica }: { readonly link: Link; readonly replica: Replica },
  copyFrom: CopySource,
  lacking: readonly string[],
): readonly string[] {
  return link.state === 'connected' ? lacking : [withoutRedis(copyFrom, replica, link.trouble)]
}

function withoutRedis(copyFrom: CopySource, replica: Replica, trouble: Trouble | null): string {
  const age = `${Math.round(replica.ageMs() / 1_000)} s old`
  const why = trouble === null ? '' : `: ${isAppError(trouble) ? troubleLine(trouble) : trouble.says}`
  if (copyFrom === 'nowhere')
    return `Redis has not been reached${why}; no copy was saved, so no phone and no user is known, and only emergency calls are possible`
  return copyFrom === 'redis'
    ? `Redis is lost${why}; the copy is ${age}`
    : `Redis is lost${why}; this node has started from a saved copy, ${age}`
}

function measure({ link, replica }: { readonly link: Link; readonly replica: Replica }, { clock, metrics }: StoreNeeds): Alarm {
  let losses = 0
  link.onState((state) => {
    metrics.storeUp.set(state === 'connected' ? 1 : 0)
    if (state === 'lost') losses += 1
    else if (losses > 0) metrics.storeReconnectsTotal.inc()
  })
  const showAge = (): void => metrics.storeCopyAgeSeconds.set(replica.ageMs() / 1_000)
  return every(clock, 1_000, showAge, () => undefined)
}

/** Options for the long transaction of an import. */
const bulk = { commandTimeout: 60_000, retryStrategy: () => null }

function withinStart(opening: Promise<void>, { clock, startWithinMs = 3_000 }: StoreNeeds): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const alarm = clock.after(startWithinMs, () => resolve(false))
    opening.then(() => resolve(true), reject).finally(() => alarm.cancel())
  })
}

function originOf({ kind }: ReachableTarget): Origin {
  return kind === 'socket' ? 'embedded' : 'shared'
}

/** If logins must be replicated, a separate connection waits for the replicas. */
function connectionsTo(destination: Destination, durability: Durability, clock: Clock) {
  const [main, listener] = [newConnection(destination), newConnection(destination)]
  if (durability === 'local') return { main, listener, writer: main, waitsMs: answerWithinMs, connections: [main, listener], confirm: null }
  const waitsMs = 2 * answerWithinMs
  const writer = newConnection(destination, { commandTimeout: waitsMs })
  return {
    main,
    listener,
    writer,
    waitsMs,
    connections: [main, listener, writer],
    confirm: createConfirmation({ redis: writer, destination, clock }),
  }
}

/** Loads the library on the other primaries, in case the slot moves there. */
async function loadElsewhere(
  target: Extract<ReachableTarget, { kind: 'cluster' }>,
  tag: string,
  { functions, log }: StoreNeeds,
): Promise<void> {
  await atEveryPrimary(clusterNeeds(target, tag), (redis) => loadWhereMissing(redis, functions)).catch((fault: unknown) =>
    log.debug({ event: 'store.functions', cause: messageOf(fault) }, 'not every primary of the cluster has the function library yet'),
  )
}
