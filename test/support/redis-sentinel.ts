import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { RedisPlace } from '../../src/config.js'

const run = promisify(execFile)

/** A primary, its replica and a sentinel that watches them, all on loopback. */
export interface TestSentinel {
  readonly place: RedisPlace
  /** redis-cli at the server that is the replica at first. */
  replica(...words: readonly string[]): Promise<string>
  primary(...words: readonly string[]): Promise<string>
  killPrimary(): Promise<void>
  close(): Promise<void>
}

export async function startTestSentinel(): Promise<TestSentinel> {
  const directory = await mkdtemp(join(tmpdir(), 'hotdesk-sentinel-'))
  const [first, second, third] = await Promise.all([freePort(), freePort(), freePort()])
  const common = ['--bind', '127.0.0.1', '--dir', directory, '--save', '', '--daemonize', 'no']
  const primary = await launch(['--port', String(first), ...common])
  const replica = await launch(['--port', String(second), '--replicaof', '127.0.0.1', String(first), ...common])
  const cli = async (port: number, ...words: readonly string[]) => (await run('redis-cli', ['-p', String(port), ...words])).stdout.trim()
  // A replica that has not caught up is none that a sentinel would choose.
  await cli(first, 'SET', 'caught', 'up')
  if ((await cli(first, 'WAIT', '1', '10000')) !== '1') throw new Error('the replica did not catch up')
  const settings = [
    `port ${third}`,
    'bind 127.0.0.1',
    `dir ${directory}`,
    `sentinel monitor desk 127.0.0.1 ${first} 1`,
    'sentinel down-after-milliseconds desk 800',
    'sentinel failover-timeout desk 3000',
  ]
  await writeFile(join(directory, 'sentinel.conf'), settings.join('\n'))
  const sentinel = await launch([join(directory, 'sentinel.conf'), '--sentinel'])
  const servers = [sentinel, replica, primary]

  return {
    place: { kind: 'sentinel', sentinels: [{ host: '127.0.0.1', port: third }], name: 'desk' },
    replica: (...words) => cli(second, ...words),
    primary: (...words) => cli(first, ...words),
    killPrimary: () => end(primary),
    async close() {
      for (const server of servers) await end(server)
      await rm(directory, { recursive: true, force: true })
    },
  }
}

async function launch(words: readonly string[]): Promise<ChildProcess> {
  const server = spawn('redis-server', words, { stdio: ['ignore', 'pipe', 'ignore'] })
  await new Promise<void>((resolve, reject) => {
    server.once('exit', (code) => reject(new Error(`redis-server ended with ${code}`)))
    server.stdout.on('data', (text: Buffer) => {
      if (/ready to accept connections|Sentinel ID is|synchronization: Finished/i.test(text.toString())) resolve()
    })
  })
  return server
}

async function end(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return
  const gone = new Promise((resolve) => server.once('close', resolve))
  server.kill('SIGKILL')
  await gone
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer()
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      server.close(() => resolve(port))
    })
  })
}
