import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { systemClock } from '../../../src/base/clock.js'
import { tied } from '../process/child.js'
import { removeFolder } from '../process/remove-folder.js'

const program = resolve(import.meta.dirname, '../../../dist/main.js')

/** The built program in a process of its own, in an empty folder. */
export interface Program {
  readonly pid: number
  output(): string
  /** Resolves when that has been printed. */
  printed(text: RegExp): Promise<RegExpExecArray>
  signal(name: NodeJS.Signals): void
  /** Closes our end of its standard output. */
  stopReading(): void
  /** The exit code; null where a signal ended it. */
  readonly exited: Promise<number | null>
}

export interface RunParts {
  readonly env?: Readonly<Record<string, string>>
  /** JavaScript that runs first. */
  readonly preload?: string
  /** Files and sockets that it may have open (RLIMIT_NOFILE). */
  readonly descriptors?: number
}

export interface Workplace {
  readonly folder: string
  run(args: readonly string[], parts?: RunParts): Program
  /** Ends whatever still runs. */
  close(): Promise<void>
}

/** Nothing of the machine's: every port is chosen by the system, on loopback. */
const env = {
  PATH: process.env.PATH,
  HOTDESK_SIP_LISTEN: 'udp://127.0.0.1:0,tcp://127.0.0.1:0',
  HOTDESK_HTTP_LISTEN: '127.0.0.1:0',
  HOTDESK_LOG_FORM: 'json',
}

export async function createWorkplace(): Promise<Workplace> {
  const folder = await mkdtemp(join(tmpdir(), 'hotdesk-program-'))
  const running: Program[] = []
  return {
    folder,
    run(args, parts = {}) {
      const preload = parts.preload === undefined ? [] : ['--import', `data:text/javascript,${encodeURIComponent(parts.preload)}`]
      const limit = parts.descriptors === undefined ? [] : ['sh', '-c', `ulimit -n ${parts.descriptors} && exec "$0" "$@"`]
      const [command = '', ...rest] = [...limit, process.execPath, ...preload, program, ...args]
      const child = spawn(...tied(command, rest), { cwd: folder, env: { ...env, ...parts.env } })
      const started = watch(child)
      running.push(started)
      return started
    },
    async close() {
      for (const each of running) each.signal('SIGKILL')
      await Promise.all(running.map(({ exited }) => exited))
      // A Redis whose node was killed takes a moment to see it.
      await removeFolder(folder)
    },
  }
}

function watch(child: ChildProcess): Program {
  let output = ''
  const looks = new Set<() => void>()
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      output += text
      for (const look of looks) look()
    })
  }
  return {
    pid: child.pid ?? 0,
    output: () => output,
    printed: (text) =>
      new Promise((resolve, reject) => {
        const alarm = systemClock.after(20_000, () => reject(new Error(`${String(text)} was not printed:\n${output}`)))
        const look = (): void => {
          const found = text.exec(output)
          if (!found) return
          alarm.cancel()
          looks.delete(look)
          resolve(found)
        }
        looks.add(look)
        look()
      }),
    signal: (name) => void child.kill(name),
    stopReading: () => void child.stdout?.destroy(),
    exited: new Promise((resolve) => child.once('close', resolve)),
  }
}
