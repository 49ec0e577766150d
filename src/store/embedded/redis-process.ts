import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { AppError } from '../../base/errors.js'

/** One run of redis-server. */
export interface RedisProcess {
  /** Asks it to write everything down and end. Resolves when it has. */
  end(): Promise<void>
  readonly ended: Promise<string>
}

/**
 * The guard ends redis-server when its standard input closes, which the system does for us however this process ends;
 * a session of its own keeps Ctrl-C from ending Redis before the node has.
 */
const guard = `exec 3<&0
redis-server "$@" </dev/null 3<&- & server=$!
{ cat <&3 >/dev/null; kill -TERM $server 2>/dev/null; } & watch=$!
exec 3<&-
trap 'kill -TERM $server 2>/dev/null' TERM
wait $server; status=$?
kill $watch 2>/dev/null
exit $status`

/** Settings are given as on the command line, `appendonly: 'yes'` for `--appendonly yes`. */
export function runRedis(settings: Readonly<Record<string, string>>): RedisProcess {
  const options = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value])
  const child: ChildProcess = spawn('/bin/sh', ['-c', guard, 'sh', ...options], { stdio: ['pipe', 'ignore', 'ignore'], detached: true })
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

/** @throws AppError REDIS_SERVER_MISSING when there is none on PATH */
export async function requireRedisServer(): Promise<void> {
  const fault = await new Promise<Error | null>((resolve) => {
    execFile('redis-server', ['--version'], (failed) => resolve(failed))
  })
  if (fault)
    throw new AppError(
      'REDIS_SERVER_MISSING',
      'redis-server is not on PATH; install it (Debian, Ubuntu: apt-get install redis-server) or set `redis:` to the URL of a running Redis',
      fault,
    )
}
