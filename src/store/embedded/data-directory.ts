import { createHash } from 'node:crypto'
import { lstatSync, type Stats } from 'node:fs'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { type Clock, pause } from '../../base/clock.js'
import { errors, messageOf } from '../../base/errors.js'
import { identityOf, lifeOf, thisProcess } from '../../base/process-identity.js'
import { answersOn, shutDown } from './socket-probe.js'

/** The directory of an embedded Redis, ours alone. */
export interface DataDirectory {
  readonly path: string
  readonly socket: string
  /** Notes which redis-server uses it, for a later node that finds it still running. */
  holds(redisProcess: number): Promise<void>
  release(): Promise<void>
}

const goneWithinMs = 10_000

/** @throws AppError DATA_IN_USE when another living node uses it, CONFIG_INVALID when it cannot be made */
export async function takeDirectory(path: string, clock: Clock, stopping?: AbortSignal): Promise<DataDirectory> {
  await make(path)
  const socket = await socketIn(path)
  const nodeFile = join(path, 'node.process')
  const redisFile = join(path, 'redis.process')
  await refuseWhileInUse(path, socket, await read(nodeFile))
  await writeFile(nodeFile, thisProcess(), { mode: 0o600 })
  await endLeftBehind(path, socket, await read(redisFile))

  return {
    path,
    socket,
    holds: (redisProcess) => writeFile(redisFile, identityOf(redisProcess), { mode: 0o600 }),
    async release() {
      await rm(redisFile, { force: true })
      await rm(nodeFile, { force: true })
    },
  }

  async function endLeftBehind(directory: string, onSocket: string, redis: string | null): Promise<void> {
    if (await answersOn(onSocket)) await shutDown(onSocket)
    // Only a process that has gone leaves the append-only file and the socket alone.
    const end = clock.now() + goneWithinMs
    while ((await answersOn(onSocket)) || (redis !== null && lifeOf(redis) === 'alive')) {
      stopping?.throwIfAborted()
      if (clock.now() > end) throw errors.DATA_IN_USE.redisStays({ directory })
      await pause(clock, 10)
    }
  }
}

async function make(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true, mode: 0o700 })
  } catch (fault) {
    throw errors.CONFIG_INVALID.dataNotMade({ data: path, reason: messageOf(fault) }, fault)
  }
}

async function refuseWhileInUse(path: string, socket: string, node: string | null): Promise<void> {
  const life = node === null ? 'gone' : lifeOf(node)
  const inUse = life === 'alive' || (life === 'unknown' && (await answersOn(socket)))
  if (inUse) throw errors.DATA_IN_USE.otherNode({ path })
}

async function socketIn(path: string): Promise<string> {
  const socket = socketOf(path)
  await mkdir(dirname(socket), { recursive: true, mode: 0o700 })
  requirePrivate(path, socket)
  return socket
}

/**
 * Where the embedded Redis of a node listens whose `data` this is; whether it runs or not.
 * @throws AppError CONFIG_INVALID where somebody else may listen there
 */
export function embeddedSocket(data: string): string {
  const path = resolve(data, 'redis')
  const socket = socketOf(path)
  requirePrivate(path, socket)
  return socket
}

/** A folder of the system's for temporary files: anybody could have made it first, under the name that we would give it. */
function requirePrivate(path: string, socket: string): void {
  const folder = dirname(socket)
  const found = folder === path ? undefined : lstatSync(folder, { throwIfNoEntry: false })
  if (found === undefined || isOursAlone(found)) return
  throw errors.CONFIG_INVALID.dataTooLong({ data: path, folder })
}

function isOursAlone(found: Stats): boolean {
  return found.isDirectory() && found.uid === process.getuid?.() && (found.mode & 0o022) === 0
}

/** The path of a Unix socket is limited to 107 bytes (unix(7)); a longer one goes to a private directory of the system's. */
function socketOf(path: string): string {
  const beside = join(path, 'redis.sock')
  if (Buffer.byteLength(beside) <= 100) return beside
  const name = createHash('sha256').update(path).digest('hex').slice(0, 16)
  return join(tmpdir(), `hotdesk-${process.getuid?.() ?? 0}-${name}`, 'redis.sock')
}

async function read(file: string): Promise<string | null> {
  return readFile(file, 'utf8').catch(() => null)
}
