import { createSocket, type Socket as DatagramSocket } from 'node:dgram'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { systemClock } from '../../../src/base/clock.js'
import { createFrameReader, encodeFrame } from '../../../src/sipd/admin/frame.js'
import type { Sipd } from '../../../src/sipd/sipd.js'
import { openSipdStage } from '../sip/sipd-stage.js'
import { createLikeness, type Likeness } from './wire-likeness.js'

/**
 * A recorded conversation with drachtio-server, step by step: who, what they do, the text. `app1`, `app2` … are applications on
 * the admin wire (payloads of frames), `udp5090` … are peers on the network (datagrams).
 */
export type Step = readonly [who: string, does: 'connect' | 'close' | 'closed' | 'says' | 'hears' | 'raw', text: string]

export function readRecording(name: string): readonly Step[] {
  return JSON.parse(readFileSync(new URL(`../../fixtures/drachtio/${name}.json`, import.meta.url), 'utf8')) as readonly Step[]
}

/** Where what was recorded is not how it should be. */
export interface Deviation {
  /** A step that is done in another way: by its number, its new text; null leaves it out. */
  readonly instead?: Readonly<Record<number, string | null>>
  /** What comes beyond the recording: first lines of datagrams, kinds of frames, in any order. */
  readonly beyond?: readonly string[]
}

interface Party {
  readonly heard: string[]
  /** Steps have awaited these. The same datagram again is a copy that was sent because the test was slow. */
  readonly awaited: Set<string>
  say(text: string): void
  raw(text: string): void
  close(): void
  readonly isClosed: () => boolean
}

const recordedPorts = ['5060', '5061', '5070', '5071', '5090', '5091', '5092', '5093', '5094', '5095', '5099'] as const

/** Plays the application's and the network's part of a recording against a sipd of its own; answers what was wrong, empty: nothing. */
export async function replay(steps: readonly Step[], deviation: Deviation = {}): Promise<readonly string[]> {
  const stage = await setUp(steps)
  const problems: string[] = []
  try {
    for (const [at, step] of steps.entries()) {
      const instead = deviation.instead?.[at]
      if (instead === null) continue
      const problem = await play(stage, instead === undefined ? step : [step[0], step[1], instead])
      if (problem === null) continue
      problems.push(`step ${at} (${step[0]} ${step[1]}): ${problem}`)
      break
    }
    if (problems.length === 0) problems.push(...(await leftOvers(stage, deviation.beyond ?? [])))
  } finally {
    await stage.close()
  }
  return problems
}

interface Stage {
  readonly sipd: Sipd
  readonly parties: Map<string, Party>
  readonly likeness: Likeness
  /** Something was heard or closed. */
  readonly woken: () => Promise<void>
  readonly wake: () => void
  close(): Promise<void>
}

async function setUp(steps: readonly Step[]): Promise<Stage> {
  const stage = await openSipdStage()
  const waiting: (() => void)[] = []
  const wake = (): void => {
    for (const run of waiting.splice(0)) run()
  }
  const sockets = new Map<string, DatagramSocket>()
  for (const port of recordedPorts.slice(1)) sockets.set(port, await bindDatagram())
  const portOf = (port: string): string => String(sockets.get(port)?.address().port ?? 0)
  const { sipd } = stage
  const [udp, tcp] = sipd.listening
  const likeness = createLikeness([
    ['tcp/127.0.0.1:5060', `tcp/127.0.0.1:${tcp?.port ?? 0}`],
    ['5060', String(udp?.port ?? 0)],
    ...recordedPorts.slice(1).map((port) => [port, portOf(port)] as const),
  ])
  const parties = new Map<string, Party>()
  const spoken = new Set(steps.map(([who]) => who))
  for (const [port, socket] of sockets) {
    if (spoken.has(`udp${port}`)) parties.set(`udp${port}`, peer(socket, udp?.port ?? 0, wake))
    else await new Promise<void>((resolve) => socket.close(resolve))
  }
  return {
    sipd,
    parties,
    likeness,
    wake,
    woken: () => new Promise((resolve) => waiting.push(resolve)),
    async close() {
      for (const party of parties.values()) party.close()
      await stage.close()
    },
  }
}

async function bindDatagram(): Promise<DatagramSocket> {
  const socket = createSocket('udp4')
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  return socket
}

function peer(socket: DatagramSocket, port: number, wake: () => void): Party {
  const heard: string[] = []
  let closed = false
  socket.on('message', (bytes) => {
    heard.push(bytes.toString('latin1'))
    wake()
  })
  return {
    heard,
    awaited: new Set(),
    say: (text) => socket.send(Buffer.from(text, 'latin1'), port, '127.0.0.1'),
    raw: () => undefined,
    close() {
      if (!closed) socket.close()
      closed = true
    },
    isClosed: () => closed,
  }
}

async function application(port: number, wake: () => void): Promise<Party> {
  const socket: Socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  const heard: string[] = []
  const frames = createFrameReader()
  let closed = false
  socket.on('data', (chunk: Buffer) => {
    heard.push(...(frames.push(chunk) ?? []))
    wake()
  })
  socket.on('error', () => undefined)
  socket.on('close', () => {
    closed = true
    wake()
  })
  return {
    heard,
    awaited: new Set(),
    say: (text) => socket.write(encodeFrame(text, null)),
    raw: (text) => socket.write(text),
    close: () => socket.destroy(),
    isClosed: () => closed,
  }
}

/** Does or awaits one step; null where it went as recorded. */
async function play(stage: Stage, [who, does, recorded]: Step): Promise<string | null> {
  const text = stage.likeness.translate(recorded)
  if (does === 'connect' || !stage.parties.has(who)) {
    stage.parties.set(who, await application(stage.sipd.admin.port, stage.wake))
    if (does === 'connect') return null
  }
  const party = stage.parties.get(who)
  if (!party) return 'nobody of that name'
  if (does === 'says') party.say(text)
  else if (does === 'raw') party.raw(text)
  else if (does === 'close') party.close()
  else if (does === 'closed') return until(stage, () => (party.isClosed() ? null : 'not closed'))
  else return until(stage, () => hear(stage, party, recorded))
  return null
}

/** Takes the first that fits what was recorded out of what was heard. */
function hear({ likeness }: Stage, party: Party, recorded: string): string | null {
  let nearest = 'nothing heard'
  for (const [at, heard] of party.heard.entries()) {
    const difference = likeness.difference(recorded, heard)
    if (difference === null) {
      party.heard.splice(at, 1)
      party.awaited.add(heard)
      likeness.learn(recorded, heard)
      return null
    }
    if (at === 0) nearest = difference
  }
  return `${nearest}\n--- recorded\n${recorded}\n--- heard\n${party.heard.join('\n---\n')}`
}

/** Long, for a busy machine: only a failure waits for it. */
const patienceMs = 8_000

async function until(stage: Stage, attempt: () => string | null): Promise<string | null> {
  let late = false
  const alarm = systemClock.after(patienceMs, () => {
    late = true
    stage.wake()
  })
  try {
    for (;;) {
      const problem = attempt()
      if (problem === null || late) return problem
      await stage.woken()
    }
  } finally {
    alarm.cancel()
  }
}

/** What nobody awaited, apart from what may come beyond the recording. */
async function leftOvers(stage: Stage, beyond: readonly string[]): Promise<readonly string[]> {
  const expected = [...beyond]
  const missing = await until(stage, () => {
    const heard = firstLines(stage)
    const lacking = expected.filter((line) => !heard.includes(line))
    return lacking.length === 0 ? null : `not heard: ${lacking.join(', ')}`
  })
  const unexpected = firstLines(stage).filter((line) => {
    const at = expected.indexOf(line)
    if (at >= 0) expected.splice(at, 1)
    return at < 0
  })
  return [...(missing === null ? [] : [missing]), ...unexpected.map((line) => `heard beyond the recording: ${line}`)]
}

function firstLines(stage: Stage): readonly string[] {
  return [...stage.parties.values()].flatMap(({ heard, awaited }) =>
    heard.filter((text) => text.trim() !== '' && !awaited.has(text)).map(headline),
  )
}

/** `SIP/2.0 200 OK` or `ACK` of a datagram, `response OK` of a frame. */
function headline(text: string): string {
  const line = text.split('\r\n', 1)[0] ?? ''
  const words = line.split('|')
  return words.length > 1 ? [words[1], words[1] === 'response' ? words[3] : words[2]].join(' ') : line.replace(/ \S+ SIP\/2\.0$/, '')
}
