import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { errors } from '../../base/errors.js'

/** One run of redis-server. */
export interface RedisProcess {
  /** Asks it to save and exit. Resolves when it has exited. */
  end(): Promise<void>
  readonly ended: Promise<string>
}

const watchdog = fileURLToPath(new URL('./redis-watchdog.sh', import.meta.url))

/** Settings as on the command line: `appendonly: 'yes'` means `--appendonly yes`. */
export function runRedis(settings: Readonly<Record<string, string>>): RedisProcess {
  const options = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value])
  // A separate session: Ctrl-C must not end Redis before the node.
  const child: ChildProcess = spawn('/bin/sh', [watchdog, ...options], { stdio: ['pipe', 'ignore', 'ignore'], detached: true })
  child.stdin?.on('error', () => undefined)
  const ended = new Promise<string>((resolve) => {
    child.once('error', (fault) => resolve(fault.message))
    child.once('exit', (code, signal) => {
      child.stdin?.destroy()
      resolve(signal ?? `exit code ${code}`)
    })
  })
  return {
    ended,
    async end() {
      child.stdin?.end()
      await ended
    },
  }
}

/** @throws AppError REDIS_SERVER_MISSING if it is not on PATH */
export async function requireRedisServer(): Promise<void> {
  const fault = await new Promise<Error | null>((resolve) => {
    execFile('redis-server', ['--version'], (failed) => resolve(failed))
  })
  if (fault) throw errors.REDIS_SERVER_MISSING.notFound({}, fault)
}
