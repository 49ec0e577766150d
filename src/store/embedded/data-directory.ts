import { createHash } from 'node:crypto'
import { lstatSync, type Stats } from 'node:fs'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { type Clock, pause } from '../../base/clock.js'
import { errors, messageOf } from '../../base/errors.js'
import { identityOf, lifeOf, thisProcess } from '../../base/host/process-identity.js'
import { answersOn, shutDown } from './socket-probe.js'

/** The directory of an embedded Redis, locked for this node. */
export interface DataDirectory {
  readonly path: string
  readonly socket: string
  /** Records the redis-server's process, in case a later node finds it still running. */
  setRedisProcess(redisProcess: number): Promise<void>
  release(): Promise<void>
}

const goneWithinMs = 10_000

/** @throws AppError DATA_IN_USE if another live node uses it, CONFIG_INVALID if it cannot be created */
export async function takeDirectory(path: string, clock: Clock, stopping?: AbortSignal): Promise<DataDirectory> {
  await create(path)
  const socket = await socketIn(path)
  const nodeFile = join(path, 'node.process')
  const redisFile = join(path, 'redis.process')
  await refuseWhileInUse(path, socket, await read(nodeFile))
  await writeFile(nodeFile, thisProcess(), { mode: 0o600 })
  await endLeftBehind(path, socket, await read(redisFile))

  return {
    path,
    socket,
    setRedisProcess: (redisProcess) => writeFile(redisFile, identityOf(redisProcess), { mode: 0o600 }),
    async release() {
      await rm(redisFile, { force: true })
      await rm(nodeFile, { force: true })
    },
  }

  async function endLeftBehind(directory: string, onSocket: string, redis: string | null): Promise<void> {
    if (await answersOn(onSocket)) await shutDown(onSocket)
    // Until the process has ended, it may write the append-only file and use the socket.
    const end = clock.now() + goneWithinMs
    while ((await answersOn(onSocket)) || (redis !== null && lifeOf(redis) === 'alive')) {
      stopping?.throwIfAborted()
      if (clock.now() > end) throw errors.DATA_IN_USE.redisStays({ directory })
      await pause(clock, 10)
    }
  }
}

async function create(path: string): Promise<void> {
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
 * The socket of the embedded Redis of a node with this `data` folder, whether it is running or not.
 * @throws AppError CONFIG_INVALID if another user could listen there
 */
export function embeddedSocket(data: string): string {
  const path = resolve(data, 'redis')
  const socket = socketOf(path)
  requirePrivate(path, socket)
  return socket
}

/** In the system's temporary folder, another user could have created our folder first. */
function requirePrivate(path: string, socket: string): void {
  const folder = dirname(socket)
  const found = folder === path ? undefined : lstatSync(folder, { throwIfNoEntry: false })
  if (found === undefined || isOursAlone(found)) return
  throw errors.CONFIG_INVALID.dataTooLong({ data: path, folder })
}

function isOursAlone(found: Stats): boolean {
  return found.isDirectory() && found.uid === process.getuid?.() && (found.mode & 0o022) === 0
}

/** The path of a Unix socket has at most 107 bytes (unix(7)). For a longer one, the socket is in a private folder of the temporary folder. */
function socketOf(path: string): string {
  const beside = join(path, 'redis.sock')
  if (Buffer.byteLength(beside) <= 100) return beside
  const name = createHash('sha256').update(path).digest('hex').slice(0, 16)
  return join(tmpdir(), `hotdesk-${process.getuid?.() ?? 0}-${name}`, 'redis.sock')
}

async function read(file: string): Promise<string | null> {
  return readFile(file, 'utf8').catch(() => null)
}
