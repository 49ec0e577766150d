import type { ChildProcess } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, writeFile } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pause, systemClock } from '../../../src/base/clock.js'
import { freePort } from '../net/free-port.js'
import { endOf, startChild } from '../process/child.js'
import { removeFolder } from '../process/remove-folder.js'
import { netstring, takeNetstrings } from './baresip-netstring.js'

/** What happens at the phone, as its `ctrl_tcp` module tells it: `CALL_INCOMING`, `REGISTER_OK`. */
export interface BaresipEvent {
  readonly type: string
  readonly param?: string
  readonly peeruri?: string
  readonly peerdisplayname?: string
}

/** One baresip without loudspeaker and microphone: it says a tone of 440 Hz and measures how loud it hears. */
export interface Baresip {
  /** One of its menu's commands; fails when it fails. */
  command(name: string, params?: string): Promise<string>
  /** The next event that is wanted and that nobody has taken yet; `what` is for the error when there is none. */
  event(what: string, isWanted?: (event: BaresipEvent) => boolean): Promise<BaresipEvent>
  /** Everything it has printed, every SIP message among it. */
  output(): string
  close(): Promise<void>
}

/** Any event is waited for that long. */
const patienceMs = 20_000

const folders = ['/usr/lib/baresip/modules', '/usr/local/lib/baresip/modules']

/** `watched`: addresses whose presence it asks for when it has registered. */
export async function startBaresip(watched: readonly string[] = []): Promise<Baresip> {
  const [directory, port] = [await mkdtemp(join(tmpdir(), 'hotdesk-baresip-')), await freePort()]
  await Promise.all(Object.entries(files(port, watched)).map(([name, text]) => writeFile(join(directory, name), text)))
  const child = startChild('baresip', ['-f', directory, '-s'], { stdio: ['ignore', 'pipe', 'pipe'] })
  const output = collect(child)
  const exited = endOf(child).then(() => removeFolder(directory))
  exited.catch(() => undefined)
  const socket = await open(port, child, output)
  const inbox = createInbox(socket, output)
  let token = 0

  return {
    output,
    async command(name, params) {
      const own = String(++token)
      socket.write(netstring(JSON.stringify({ command: name, ...(params === undefined ? {} : { params }), token: own })))
      const answer = await inbox.take(`answer to ${name}`, (news) => news.token === own)
      if (answer.ok !== true) throw new Error(`baresip refuses ${name}: ${answer.data}\n${output()}`)
      return answer.data ?? ''
    },
    event: (what, isWanted = ({ type }) => type === what) => inbox.take(what, isWanted),
    async close() {
      child.kill('SIGTERM')
      const late = systemClock.after(3_000, () => child.kill('SIGKILL'))
      await exited
      late.cancel()
      socket.destroy()
    },
  }
}

function files(port: number, watched: readonly string[]): Record<string, string> {
  const modules = ['g711.so', 'ausine.so', 'aubridge.so', 'vumeter.so'].map((name) => `module ${name}`)
  const config = [
    'sip_listen 127.0.0.1:0',
    'net_interface 127.0.0.1',
    'audio_source ausine,440',
    'audio_player aubridge,ear',
    'audio_alert aubridge,bell',
    // Its tone comes in stereo and at 48 kHz only.
    'ausrc_srate 48000',
    'ausrc_channels 2',
    'auplay_srate 8000',
    'rtp_ports 40000-59998',
    'vumeter_stderr no',
    `module_path ${folders.find(existsSync) ?? ''}`,
    ...modules,
    'module_tmp account.so',
    'module_app menu.so',
    'module_app ctrl_tcp.so',
    'module_app contact.so',
    'module_app presence.so',
    `ctrl_tcp_listen 127.0.0.1:${port}`,
  ]
  return {
    config: `${config.join('\n')}\n`,
    accounts: '\n',
    contacts: `${watched.map((address) => `<${address}>;presence=p2p`).join('\n')}\n`,
  }
}

function collect(child: ChildProcess): () => string {
  const pieces: string[] = []
  for (const stream of [child.stdout, child.stderr]) stream?.setEncoding('utf8').on('data', (text: string) => pieces.push(text))
  return () => pieces.join('')
}

/** It listens a moment after its start. */
async function open(port: number, child: ChildProcess, output: () => string): Promise<Socket> {
  const deadline = systemClock.now() + patienceMs
  while (systemClock.now() < deadline && child.exitCode === null) {
    const socket = await new Promise<Socket | null>((resolve) => {
      const attempt = connect(port, '127.0.0.1', () => resolve(attempt))
      attempt.once('error', () => resolve(null))
    })
    if (socket) return socket
    await pause(systemClock, 10)
  }
  child.kill('SIGKILL')
  throw new Error(`baresip did not start:\n${output()}`)
}

/** An event, or the answer to a command. */
interface News extends BaresipEvent {
  readonly token?: string
  readonly ok?: boolean
  readonly data?: string
}

/** How loud it is just now: worth nothing later. */
function isMoment(type: string | undefined): boolean {
  return type?.startsWith('VU_') === true
}

function createInbox(socket: Socket, output: () => string) {
  let unread: News[] = []
  const waiting = new Set<() => void>()
  let rest = Buffer.alloc(0)
  socket.on('data', (data: Buffer) => {
    const taken = takeNetstrings(Buffer.concat([rest, data]))
    rest = Buffer.from(taken.rest)
    unread.push(...taken.texts.map((text) => JSON.parse(text) as News))
    for (const look of waiting) look()
    unread = unread.filter(({ type }) => !isMoment(type))
  })

  function take(what: string, isWanted: (news: News) => boolean): Promise<News> {
    return new Promise((resolve, reject) => {
      const alarm = systemClock.after(patienceMs, () => {
        waiting.delete(look)
        reject(new Error(`baresip: no ${what} but ${unread.map(({ type }) => type).join(', ')}\n${output().slice(-8_000)}`))
      })
      function look(): void {
        const at = unread.findIndex(isWanted)
        const [news] = at === -1 ? [] : unread.splice(at, 1)
        if (!news) return
        waiting.delete(look)
        alarm.cancel()
        resolve(news)
      }
      waiting.add(look)
      look()
    })
  }

  return { take }
}
