import { join, resolve } from 'node:path'
import { type Alarm, type Clock, pause } from '../../base/clock.js'
import { errors } from '../../base/errors.js'
import type { Logger } from '../../base/logger.js'
import { takeDirectory } from './data-directory.js'
import { type RedisProcess, requireRedisServer, runRedis } from './redis-process.js'
import { answersOn, processIdOn } from './socket-probe.js'

/** An embedded redis-server on a private socket. */
export interface RedisServer {
  readonly socket: string
  close(): Promise<void>
}

export interface RedisServerNeeds {
  readonly data: string
  readonly clock: Clock
  readonly log: Logger
  /** Aborted when the server is no longer needed; the start then rejects with its reason. */
  readonly stopping?: AbortSignal | undefined
}

const readyWithinMs = 30_000
/** Pause before a restart. It doubles each time the server ends soon, as on a full disk. */
const restartMs = { first: 500, longest: 5_000 }
const soonMs = 10_000

/**
 * Starts redis-server from PATH with its append-only file under `data/redis`, and restarts it if it ends by itself. Stops a server that an
 * earlier node left running.
 * @throws AppError REDIS_SERVER_MISSING; DATA_IN_USE if another live node uses the directory; STORE_UNAVAILABLE if it does not start
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
      log.error({ event: 'redis.stopped', how }, 'the embedded redis-server ended by itself and is restarted')
      restartAfterMs = clock.now() - began < soonMs ? Math.min(2 * restartAfterMs, restartMs.longest) : restartMs.first
      restart = clock.after(restartAfterMs, () => void launchAgain())
    })
    return run
  }

  async function launchAgain(): Promise<void> {
    launch()
    try {
      await untilReady(directory.socket, () => running !== null)
      await directory.setRedisProcess(await processIdOn(directory.socket))
    } catch (fault) {
      log.error({ event: 'redis.stopped', err: fault }, 'the embedded redis-server could not be restarted')
    }
  }

  let closing: Promise<void> | null = null

  /** Later calls wait for the first. */
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
    await directory.setRedisProcess(await processIdOn(directory.socket))
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
    // An acknowledged login has reached the disk. With "everysec", a power cut would lose the last second.
    appendonly: 'yes',
    appendfsync: 'always',
    save: '',
    'maxmemory-policy': 'noeviction',
    logfile: join(directory, 'redis.log'),
  }
}
