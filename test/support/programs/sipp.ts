import type { ChildProcess } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { mkdtemp, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { pause, systemClock } from '../../../src/base/clock.js'
import { endOf, startChild } from '../process/child.js'
import { removeFolder } from '../process/remove-folder.js'
import { readTrace, type SippMessage } from './sipp-trace.js'

export interface SippParts {
  /** A file of `test/fixtures/sipp`, without `.xml`. */
  readonly scenario: string
  /** Its own address is `127.0.0.1` and this port. */
  readonly port: number
  /** Where it sends to, `127.0.0.1:5060`; one that only answers needs none. */
  readonly node?: string
  /** Debian's SIPp has no TLS: with `tls` it speaks TCP to a tunnel, and its messages say TLS. */
  readonly protocol?: 'udp' | 'tcp' | 'tls'
  /** What stands in the scenario for `{{name}}`. */
  readonly words?: Readonly<Record<string, string | number>>
  /** More of SIPp's own options, such as `-nr`. */
  readonly options?: readonly string[]
  /** It has to be over by then; 15 s by default. */
  readonly seconds?: number
}

/** One scenario on its way. */
export interface SippRun {
  /** Its port is open: from now on it hears what is sent to it. */
  readonly ready: Promise<void>
  /** Every message it sent and received, once all went as the scenario says; else an error with the trace. */
  readonly messages: Promise<readonly SippMessage[]>
  /** Ends it, whatever it is doing. */
  kill(): Promise<void>
}

const folder = resolve(import.meta.dirname, '../../fixtures/sipp')

/** The text of a scenario with its parts and its words in place. */
export function scenarioText(name: string, words: Readonly<Record<string, string | number>>): string {
  const text = readFileSync(join(folder, `${name}.xml`), 'utf8')
  const whole = text.replace(/^ *<use part="([\w-]+)"\/>$/gm, (_, part: string) =>
    readFileSync(join(folder, 'parts', `${part}.xml`), 'utf8'),
  )
  return whole.replace(/\{\{([\w-]+)\}\}/g, (_, word: string) => {
    const value = words[word]
    if (value === undefined) throw new Error(`scenario ${name} needs the word ${word}`)
    return String(value)
  })
}

/** Starts one scenario; it ends by itself. */
export function startSipp(parts: SippParts): SippRun {
  const { port, protocol = 'udp' } = parts
  const started = launch(parts)
  const messages = started.then((run) => outcomeOf(run, parts))
  const ready = started.then(({ child }) => untilListening(child, `/proc/net/${protocol === 'udp' ? 'udp' : 'tcp'}`, port))
  // Whoever awaits them hears of it; until then it is no fault that nobody does.
  for (const promise of [messages, ready]) promise.catch(() => undefined)
  return {
    ready,
    messages,
    async kill() {
      const { child } = await started
      child.kill('SIGKILL')
      await messages.catch(() => undefined)
    },
  }
}

interface Launched {
  readonly child: ChildProcess
  readonly directory: string
  readonly printed: () => string
}

async function launch({ scenario, port, node, protocol = 'udp', words = {}, options = [], seconds = 15 }: SippParts): Promise<Launched> {
  const plain = scenarioText(scenario, words)
  const text = protocol === 'tls' ? plain.replaceAll('[transport]', 'TLS') : plain
  const directory = await mkdtemp(join(tmpdir(), 'hotdesk-sipp-'))
  await writeFile(join(directory, 'scenario.xml'), text)
  const where = ['-sf', 'scenario.xml', '-i', '127.0.0.1', '-p', String(port), '-t', protocol === 'udp' ? 'u1' : 't1', '-bind_local']
  const bounds = ['-m', '1', '-timeout', String(seconds), '-timeout_error', '-recv_timeout', String(seconds * 1000), '-nostdin']
  const traces = ['-trace_err', '-error_file', 'errors.log', '-trace_msg', '-message_file', 'messages.log']
  const child = startChild('sipp', [...(node ? [node] : []), ...where, ...bounds, ...traces, ...options], {
    cwd: directory,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let printed = ''
  child.stderr?.setEncoding('utf8').on('data', (piece: string) => {
    printed += piece
  })
  return { child, directory, printed: () => printed }
}

async function outcomeOf({ child, directory, printed }: Launched, { scenario, seconds = 15 }: SippParts): Promise<readonly SippMessage[]> {
  const late = systemClock.after((seconds + 5) * 1000, () => child.kill('SIGKILL'))
  const code = await endOf(child)
  late.cancel()
  const [trace, errors] = await Promise.all(
    ['messages.log', 'errors.log'].map((file) => readFile(join(directory, file), 'utf8').catch(() => '')),
  )
  await removeFolder(directory)
  if (code !== 0) throw new Error(`SIPp's ${scenario} ended with ${code}\n${errors || printed()}\n${trace ?? ''}`)
  return readTrace(trace ?? '')
}

/** SIPp does not say when it begins to listen; the system does. */
async function untilListening(child: ChildProcess, table: string, port: number): Promise<void> {
  const place = ` 0100007F:${port.toString(16).toUpperCase().padStart(4, '0')} `
  while (!readFileSync(table, 'latin1').includes(place) && child.exitCode === null) await pause(systemClock, 5)
}
