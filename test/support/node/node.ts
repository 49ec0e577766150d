import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { systemClock } from '../../../src/base/clock.js'
import { tied } from '../process/child.js'
import { removeFolder } from '../process/remove-folder.js'
import { sipServerFor } from '../programs/drachtio-server.js'

/** One line of a node's log. */
export type LogLine = Readonly<Record<string, unknown>> & { readonly event?: string; readonly msg?: string }

export interface NodeParts {
  readonly node: string
  readonly site: string
  /** `unix:///…` of a TestRedis, `embedded`, or a block of settings. */
  readonly redis: string | Readonly<Record<string, unknown>>
  /** Kept from run to run where the test gives it. */
  readonly data?: string
  /** Text of the site's dial plan; the sample one of the site by default. */
  readonly dialplan?: string
  readonly env?: Readonly<Record<string, string>>
  /** The built program; the one of this tree by default. */
  readonly program?: string
  /** Another host than this machine's loopback. */
  readonly host?: NodeHost
}

/** Where a node runs: its address, and the command that runs a program there. */
export interface NodeHost {
  readonly address: string
  run(program: string, args: readonly string[]): readonly [program: string, args: readonly string[]]
}

const loopback: NodeHost = { address: '127.0.0.1', run: (program, args) => [program, args] }

/** A node as an operator runs it: the built program, in a process of its own. */
export interface TestNode {
  /** `127.0.0.1:41234`: where phones register. */
  readonly udp: string
  readonly tcp: string
  /** The same for any protocol; `''` where it does not listen. */
  address(protocol: string): string
  readonly http: string
  /** Its `hotdesk.yaml`, and `<site>.yaml` if the test gave a dial plan. */
  readonly folder: string
  /** Everything it has printed. */
  output(): string
  /** The next line with that event, or one that was already printed since the last call for it. */
  logged(event: string, isWanted?: (line: LogLine) => boolean): Promise<LogLine>
  signal(name: NodeJS.Signals): void
  readonly running: boolean
  /** The exit code; null where a signal ended it. */
  readonly exited: Promise<number | null>
  /** SIGTERM, and the exit code. */
  stop(): Promise<number | null>
  kill(): Promise<void>
}

/** For the next start of a node: at the same addresses, where its phones still look for it. */
export function sameAddresses({ udp, tcp }: Pick<TestNode, 'udp' | 'tcp'>): NonNullable<NodeParts['env']> {
  return { HOTDESK_SIP_LISTEN: `udp://${udp},tcp://${tcp}` }
}

/** Shared by every node of the tests: it seals the phones' passwords and signs the calls between nodes. */
export const networkSecret = 'a secret of the tests, and of no network'

/** The SIP domain of every node of the tests. */
export const networkDomain = 'hotdesk.test'

const program = resolve(import.meta.dirname, '../../../dist/main.js')

export async function startTestNode(parts: NodeParts): Promise<TestNode> {
  const directory = await mkdtemp(join(tmpdir(), 'hotdesk-node-'))
  await writeConfiguration(directory, parts)
  const server = await sipServerFor(parts.env ?? {})
  const command = [parts.program ?? program, 'start', '--config', join(directory, 'hotdesk.yaml')]
  const child = spawn(...tied(...(parts.host ?? loopback).run(process.execPath, command)), {
    cwd: directory,
    env: { PATH: process.env.PATH, ...parts.env, ...server.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const log = readLog(child)
  const exited = once(child, 'exit').then(([code]) => code as number | null)
  const cleanUp = async (): Promise<void> => {
    await server.close()
    await removeFolder(directory)
  }
  const started = await Promise.race([log.next('node.started'), exited.then(() => null)]).catch(async (fault: unknown) => {
    child.kill('SIGKILL')
    await exited
    await cleanUp()
    throw fault
  })
  if (!started) {
    await cleanUp()
    throw new Error(`the node ended at its start:\n${log.text()}`)
  }
  const sip = started.sip as readonly string[]
  const address = (protocol: string): string => sip.find((place) => place.startsWith(`${protocol}/`))?.slice(protocol.length + 1) ?? ''
  return {
    udp: address('udp'),
    tcp: address('tcp'),
    address,
    http: String(started.http),
    folder: directory,
    output: log.text,
    logged: log.next,
    signal: (name) => void child.kill(name),
    get running() {
      return child.exitCode === null && child.signalCode === null
    },
    exited,
    async stop() {
      child.kill('SIGTERM')
      const code = await exited
      await cleanUp()
      return code
    },
    async kill() {
      child.kill('SIGKILL')
      await exited
      await cleanUp()
    },
  }
}

async function writeConfiguration(directory: string, { node, site, redis, data, dialplan, host = loopback }: NodeParts): Promise<void> {
  const plan = dialplan === undefined ? resolve(import.meta.dirname, `../../../dialplans/${site}.yaml`) : join(directory, `${site}.yaml`)
  if (dialplan !== undefined) await writeFile(plan, dialplan)
  const settings = {
    node,
    site,
    redis,
    secret: networkSecret,
    sip: { domain: networkDomain, listen: [`udp://${host.address}:0`, `tcp://${host.address}:0`] },
    http: { listen: '127.0.0.1:0' },
    media: { address: host.address, ports: '20000-39999' },
    data: data ?? join(directory, 'data'),
    dialplan: plan,
    log: { level: 'debug', form: 'json' },
  }
  // JSON is YAML.
  await writeFile(join(directory, 'hotdesk.yaml'), JSON.stringify(settings, null, 2))
}

/** Limit for any event. On a busy machine, a start alone can take 20 s. */
const patienceMs = 40_000

function readLog(child: ChildProcess) {
  const printed: string[] = []
  const unread: LogLine[] = []
  const waiting = new Set<() => void>()
  for (const stream of [child.stdout, child.stderr]) {
    if (!stream) continue
    createInterface({ input: stream }).on('line', (line) => {
      printed.push(line)
      const entry = parseLine(line)
      if (entry) unread.push(entry)
      for (const look of waiting) look()
    })
  }

  function next(event: string, isWanted: (line: LogLine) => boolean = () => true): Promise<LogLine> {
    return new Promise((done, fail) => {
      const alarm = systemClock.after(patienceMs, () => {
        waiting.delete(look)
        fail(new Error(`no ${event} in the log:\n${printed.slice(-60).join('\n')}`))
      })
      function look(): void {
        const at = unread.findIndex((line) => line.event === event && isWanted(line))
        const [line] = at === -1 ? [] : unread.splice(at, 1)
        if (!line) return
        waiting.delete(look)
        alarm.cancel()
        done(line)
      }
      waiting.add(look)
      look()
    })
  }

  return { next, text: () => printed.join('\n') }
}

function parseLine(line: string): LogLine | null {
  if (!line.startsWith('{')) return null
  try {
    return JSON.parse(line) as LogLine
  } catch {
    return null
  }
}
