import { execFile, spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Secret } from '../../../src/base/secret.js'
import type { RedisTarget } from '../../../src/config/config.js'
import type { NodeHost } from '../node/node.js'
import { tied } from '../process/child.js'
import { removeFolder } from '../process/remove-folder.js'

const run = promisify(execFile)

/** A redis-server of the test's own, on a socket in a directory of its own. */
export interface TestRedis {
  readonly directory: string
  readonly socket: string
  readonly place: RedisTarget
  /** The real redis-cli, as an operator types it; answers what it prints, trimmed. */
  cli(...words: readonly string[]): Promise<string>
  /** Empties it as an operator does who means it: the nodes take it for no loss. */
  empty(): Promise<void>
  /** `SIGKILL` or `SIGSTOP` and the like. */
  signal(name: NodeJS.Signals): void
  /** Ends it without mercy; its append-only file stays. */
  kill(): Promise<void>
  start(): Promise<void>
  /** Deletes the file of one that was killed. */
  forget(): Promise<void>
  close(): Promise<void>
}

/** @param host also listens there, on port 6379 */
export async function startTestRedis(host?: NodeHost): Promise<TestRedis> {
  const directory = await mkdtemp(join(tmpdir(), 'hotdesk-redis-'))
  const socket = join(directory, 'redis.sock')
  let server = await launch(directory, socket, host)

  return {
    directory,
    socket,
    place: { kind: 'url', url: new Secret(`unix://${socket}`) },
    async cli(...words) {
      const { stdout } = await run('redis-cli', ['-s', socket, ...words], { maxBuffer: 64 * 1024 * 1024 })
      return stdout.trim()
    },
    async empty() {
      const script = "redis.call('FLUSHALL') redis.call('HSET', '{hd}:removed', '*', redis.call('TIME')[1])"
      await run('redis-cli', ['-s', socket, 'EVAL', script, '0'])
    },
    signal: (name) => void server.kill(name),
    async kill() {
      const gone = new Promise((resolve) => server.once('exit', resolve))
      server.kill('SIGKILL')
      await gone
    },
    async start() {
      server = await launch(directory, socket, host)
    },
    forget: () => rm(join(directory, 'appendonlydir'), { recursive: true }),
    async close() {
      if (server.exitCode === null && server.signalCode === null) {
        const gone = new Promise((resolve) => server.once('exit', resolve))
        server.kill('SIGCONT')
        server.kill('SIGKILL')
        await gone
      }
      await removeFolder(directory)
    },
  }
}

async function launch(directory: string, socket: string, host?: NodeHost): Promise<ReturnType<typeof spawn>> {
  await rm(socket, { force: true })
  const words = [
    ...(host ? ['--bind', host.address, '--port', '6379', '--protected-mode', 'no'] : ['--port', '0']),
    '--unixsocket',
    socket,
    '--dir',
    directory,
    '--appendonly',
    'yes',
    '--appendfsync',
    'always',
    '--save',
    '',
    '--daemonize',
    'no',
    '--enable-debug-command',
    'local',
  ]
  const [program, args] = host ? host.run('redis-server', words) : ['redis-server', words]
  const server = spawn(...tied(program, args), { stdio: ['ignore', 'pipe', 'ignore'] })
  await new Promise<void>((resolve, reject) => {
    server.once('exit', (code) => reject(new Error(`redis-server ended with ${code}`)))
    server.stdout.on('data', (text: Buffer) => {
      if (text.includes('ready to accept connections')) resolve()
    })
  })
  server.removeAllListeners('exit')
  return server
}
