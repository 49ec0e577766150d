import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { promisify } from 'node:util'
import { tied } from '../process/child.js'

const run = promisify(execFile)

/** A redis-server of a test, on a port of loopback. */
export interface RedisProcess {
  readonly port: number
  readonly pid: number
  /** The real redis-cli; answers what it prints, trimmed. */
  cli(...words: readonly string[]): Promise<string>
  /** The same for lines of the protocol's inline form, fast. */
  pipe(lines: readonly string[]): Promise<void>
  signal(name: NodeJS.Signals): void
  isGone(): boolean
  /** Without mercy; does nothing to one that has ended. */
  kill(): Promise<void>
}

export interface RedisProcessOptions {
  readonly port: number
  /** As on the command line: `--appendonly yes`. */
  readonly words: readonly string[]
  /** Before the name of the program: `prlimit …`. */
  readonly before?: readonly string[]
  /** What redis-cli needs to be let in. */
  readonly cliWords?: readonly string[]
}

export async function launchRedis({ port, words, before = [], cliWords = [] }: RedisProcessOptions): Promise<RedisProcess> {
  const [program = '', ...rest] = [...before, 'redis-server', ...words]
  const server = spawn(...tied(program, rest), { stdio: ['ignore', 'pipe', 'ignore'] })
  await untilReady(server)
  const isGone = (): boolean => server.exitCode !== null || server.signalCode !== null
  const client = ['-h', '127.0.0.1', '-p', String(port), ...cliWords]
  return {
    port,
    pid: server.pid ?? 0,
    async cli(...more) {
      return (await run('redis-cli', [...client, ...more], { maxBuffer: 64 * 1024 * 1024 })).stdout.trim()
    },
    pipe: (lines) => feed(client, lines),
    signal: (name) => void server.kill(name),
    isGone,
    async kill() {
      if (isGone()) return
      const gone = new Promise((resolve) => server.once('close', resolve))
      server.kill('SIGCONT')
      server.kill('SIGKILL')
      await gone
    },
  }
}

function untilReady(server: ChildProcess): Promise<void> {
  let printed = ''
  return new Promise((resolve, reject) => {
    server.once('exit', (code) => reject(new Error(`redis-server ended with ${code}: ${printed}`)))
    server.stdout?.on('data', (text: Buffer) => {
      printed = (printed + text.toString()).slice(-4_000)
      if (/ready to accept connections|Sentinel ID is|synchronization: Finished/i.test(printed)) resolve()
    })
  })
}

async function feed(client: readonly string[], lines: readonly string[]): Promise<void> {
  const child = spawn(...tied('redis-cli', [...client, '--pipe']), { stdio: ['pipe', 'pipe', 'ignore'] })
  let printed = ''
  child.stdout.on('data', (text: Buffer) => {
    printed += text.toString()
  })
  const ended = new Promise((resolve) => child.once('close', resolve))
  child.stdin.end(`${lines.join('\r\n')}\r\n`)
  await ended
  if (!/errors: 0/.test(printed)) throw new Error(`redis-cli --pipe: ${printed}`)
}
