import { join, resolve } from 'node:path'
import { type Alarm, type Clock, pause } from '../../base/clock.js'
import { errors } from '../../base/errors.js'
import type { Logger } from '../../base/logger.js'
import { takeDirectory } from './data-directory.js'
import { type RedisProcess, requireRedisServer, runRedis } from './redis-process.js'
import { answersOn, processIdOn } from './socket-probe.js'

/** A real redis-server of our own, on a private socket. */
export interface RedisServer {
  readonly socket: string
  close(): Promise<void>
}

export interface RedisServerNeeds {
  readonly data: string
  readonly clock: Clock
  readonly log: Logger
  /** Aborted when the server is not needed any more; the start then rejects with its reason. */
  readonly stopping?: AbortSignal | undefined
}

const readyWithinMs = 30_000
/** Before it is started again; twice as long each time when it ends soon, as on a disk that is full. */
const restartMs = { first: 500, longest: 5_000 }
const soonMs = 10_000

/**
 * Starts redis-server from PATH with its append-only file under `data/redis`, and again if it ends by itself.
 * Ends one that an earlier node left behind.
 * @throws AppError REDIS_SERVER_MISSING; DATA_IN_USE when another living node uses the directory; STORE_UNAVAILABLE when it does not start
 */
export async function startRedisServer({ data, clock, log, stopping }: RedisServerNeeds): Promise<RedisServer> {
  await requireRedisServer()
  const directory = await takeDirectory(resolve(data, 'redis'), clock, stopping)
  let running: RedisProcess | null = null
  let restart: Alarm | null = null
  let restartAfterMs = restartMs.first
  let isWanted = false

  function launch(): RedisProcess {
    const run = runRedis(settings(directory.path, directory.socket))
    running = run
    const began = clock.now()
    void run.ended.then((how) => {
      running = null
      if (!isWanted) return
      log.error({ event: 'redis.stopped', how }, 'the embedded redis-server ended by itself and is started again')
      restartAfterMs = clock.now() - began < soonMs ? Math.min(2 * restartAfterMs, restartMs.longest) : restartMs.first
      restart = clock.after(restartAfterMs, () => void launchAgain())
    })
    return run
  }

  async function launchAgain(): Promise<void> {
    launch()
    try {
      await untilReady(directory.socket, () => running !== null)
      await directory.holds(await processIdOn(directory.socket))
    } catch (fault) {
      log.error({ event: 'redis.stopped', err: fault }, 'the embedded redis-server is not ready again')
    }
  }

  let closing: Promise<void> | null = null

  /** Closes once, however often it is called. */
  function close(): Promise<void> {
    closing ??= end()
    return closing
  }

  async function end(): Promise<void> {
    isWanted = false
    restart?.cancel()
    await running?.end()
    await directory.release()
    log.info({ event: 'redis.stopped' }, 'the embedded redis-server has stopped')
  }

  launch()
  try {
    await untilReady(directory.socket, () => running !== null)
    isWanted = true
    await directory.holds(await processIdOn(directory.socket))
  } catch (fault) {
    await close()
    throw fault
  }
  log.info({ event: 'redis.started' }, `the embedded redis-server is running (redis-cli -s ${directory.socket})`)
  return { socket: directory.socket, close }

  async function untilReady(socket: string, isRunning: () => boolean): Promise<void> {
    const end = clock.now() + readyWithinMs
    while (!(await answersOn(socket))) {
      stopping?.throwIfAborted()
      if (clock.now() > end || !isRunning()) throw errors.STORE_UNAVAILABLE.notStarting({ log: join(directory.path, 'redis.log') })
      await pause(clock, 10)
    }
  }
}

function settings(directory: string, socket: string): Readonly<Record<string, string>> {
  return {
    port: '0',
    unixsocket: socket,
    unixsocketperm: '700',
    dir: directory,
    daemonize: 'no',
    // A login that was acknowledged has reached the disk: with "everysec" a power cut takes the last second with it.
    appendonly: 'yes',
    appendfsync: 'always',
    save: '',
    'maxmemory-policy': 'noeviction',
    logfile: join(directory, 'redis.log'),
  }
}
