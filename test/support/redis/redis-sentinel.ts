import { mkdir, mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pause, systemClock } from '../../../src/base/clock.js'
import type { RedisTarget } from '../../../src/config/config.js'
import { freePort } from '../net/free-port.js'
import { removeFolder } from '../process/remove-folder.js'
import { launchRedis, type RedisProcess } from './redis-process.js'
import type { Front, IvrDispatch } from './redis-switchboard.js'

/** A primary, its two replicas and three sentinels that watch them, all on loopback. */
export interface TestSentinel {
  readonly directory: string
  readonly place: RedisTarget
  /** The primary at first, then its replicas. */
  readonly servers: readonly RedisProcess[]
  readonly sentinels: readonly RedisProcess[]
  /** Whom the sentinels name now. */
  primary(): Promise<RedisProcess>
  /** redis-cli at a sentinel. */
  sentinel(...words: readonly string[]): Promise<string>
  /** Starts a server that was killed again, as it was: it takes itself for whatever it was at first. */
  revive(server: RedisProcess): Promise<RedisProcess>
  close(): Promise<void>
}

/** Over a switchboard, the servers are the parties `redis-0` … and `sentinel-0` …. */
export async function startTestSentinel(board: IvrDispatch | null = null): Promise<TestSentinel> {
  const directory = await mkdtemp(join(tmpdir(), 'hotdesk-sentinel-'))
  const ports = await Promise.all(Array.from({ length: 6 }, freePort))
  const fronts = new Map<number, Front>()
  for (const [index, port] of ports.entries())
    if (board) fronts.set(port, await board.front(index < 3 ? `redis-${index}` : `sentinel-${index - 3}`, port))
  const reachedAt = (port: number): number => fronts.get(port)?.port ?? port
  const [first = 0] = ports
  const launch = async (port: number): Promise<RedisProcess> => {
    await mkdir(join(directory, String(port)), { recursive: true })
    const follow = port === first ? [] : ['--replicaof', '127.0.0.1', String(reachedAt(first))]
    const words = ['--port', String(port), '--bind', '127.0.0.1', '--dir', join(directory, String(port)), '--save', '', '--daemonize', 'no']
    // A primary waits five seconds for more replicas before it copies itself, by default.
    return launchRedis({ port, words: [...words, '--repl-diskless-sync-delay', '0', ...announcing(fronts.get(port)), ...follow] })
  }
  const servers: RedisProcess[] = []
  for (const port of ports.slice(0, 3)) servers.push(await launch(port))
  await caughtUp(servers[0] as RedisProcess, 2)
  const sentinels: RedisProcess[] = []
  for (const port of ports.slice(3))
    sentinels.push(await launchSentinel({ directory, port, watched: reachedAt(first), front: fronts.get(port) }))
  await untilAcquainted(sentinels)

  async function primary(): Promise<RedisProcess> {
    const said = await (sentinels[0] as RedisProcess).cli('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', 'desk')
    const found = servers.find(({ port }) => said.endsWith(`\n${reachedAt(port)}`))
    if (!found) throw new Error(`the sentinels name ${said}`)
    return found
  }

  return {
    directory,
    place: { kind: 'sentinel', sentinels: sentinels.map(({ port }) => ({ host: '127.0.0.1', port: reachedAt(port) })), name: 'desk' },
    servers,
    sentinels,
    primary,
    sentinel: (...words) => (sentinels[0] as RedisProcess).cli(...words),
    async revive({ port }) {
      const revived = await launch(port)
      servers[servers.findIndex((server) => server.port === port)] = revived
      return revived
    },
    async close() {
      for (const server of [...sentinels, ...servers]) await server.kill()
      await board?.close()
      await removeFolder(directory)
    },
  }
}

/** Who sits behind a front says so, and lets in each node of a test by a password of its own. */
function announcing(front: Front | undefined): readonly string[] {
  if (!front) return []
  const users = Object.values(nodePasswords).map((password) => `>${password}`)
  const announced = [
    '--replica-announce-ip',
    '127.0.0.1',
    '--replica-announce-port',
    String(front.port),
    '--bind-source-addr',
    front.source,
  ]
  return [...announced, '--user', 'node', 'on', ...users, '~*', '&*', '+@all']
}

/** Of the nodes on either side of a split, by which a switchboard knows them. */
export const nodePasswords = { mainland: 'word-of-the-mainland', minority: 'word-of-the-minority' } as const

/** A replica that has not caught up is none that a sentinel would choose. */
export async function caughtUp(primary: RedisProcess, replicas: number): Promise<void> {
  const deadline = systemClock.now() + 30_000
  for (;;) {
    const info = await primary.cli('INFO', 'replication')
    if (info.includes(`connected_slaves:${replicas}`) && !/state=(?!online)/.test(info)) return
    if (systemClock.now() > deadline) throw new Error(`the replicas did not catch up: ${info}`)
    await pause(systemClock, 50)
  }
}

interface SentinelOptions {
  readonly directory: string
  readonly port: number
  readonly watched: number
  readonly front: Front | undefined
}

async function launchSentinel({ directory, port, watched, front }: SentinelOptions): Promise<RedisProcess> {
  const settings = [
    `port ${port}`,
    'bind 127.0.0.1',
    `dir ${directory}`,
    `sentinel monitor desk 127.0.0.1 ${watched} 2`,
    // A sentinel reaches a new primary a second after the old one at times: with less it would take that one for dead as well.
    'sentinel down-after-milliseconds desk 2000',
    'sentinel failover-timeout desk 3000',
    'sentinel parallel-syncs desk 2',
    ...(front ? sentinelAnnouncing(front) : []),
  ]
  const file = join(directory, `sentinel-${port}.conf`)
  await writeFile(file, settings.join('\n'))
  const cliWords = front ? ['--no-auth-warning', '-a', nodePasswords.mainland] : []
  const sentinel = await launchRedis({ port, words: [file, '--sentinel'], cliWords })
  // They look round every ten seconds otherwise.
  await sentinel.cli('SENTINEL', 'DEBUG', 'INFO-PERIOD', '1000', 'PUBLISH-PERIOD', '500')
  if (front) await sentinel.cli('ACL', 'SETUSER', 'default', `>${nodePasswords.minority}`)
  return sentinel
}

function sentinelAnnouncing({ port, source }: Front): readonly string[] {
  const password = nodePasswords.mainland
  return [
    'sentinel announce-ip 127.0.0.1',
    `sentinel announce-port ${port}`,
    `bind-source-addr ${source}`,
    `requirepass ${password}`,
    `sentinel sentinel-pass ${password}`,
  ]
}

/** Sentinels find each other, and the replicas, by way of the primary. */
async function untilAcquainted(sentinels: readonly RedisProcess[]): Promise<void> {
  const deadline = systemClock.now() + 15_000
  for (const sentinel of sentinels) {
    for (;;) {
      const info = await sentinel.cli('INFO', 'sentinel')
      if (info.includes('slaves=2') && info.includes('sentinels=3')) break
      if (systemClock.now() > deadline) throw new Error(`the sentinels do not find each other: ${info}`)
      await pause(systemClock, 100)
    }
  }
}
