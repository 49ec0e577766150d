import type { ChildProcess } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { appendFileSync, existsSync, readFileSync } from 'node:fs'
import { mkdtemp, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'vitest'
import { pause, systemClock } from '../../../src/base/clock.js'
import { type ListenAddress, parseListenAddress } from '../../../src/base/listen-address.js'
import { freePort } from '../net/free-port.js'
import { startChild } from '../process/child.js'
import { removeFolder } from '../process/remove-folder.js'

/** The SIP server of one node. */
export interface NodeSipServer {
  /** Added to the node's environment. */
  readonly env: Readonly<Record<string, string>>
  close(): Promise<void>
}

/** What the lane `npm run test:drachtio` recognises: the test needs a server that can be configured. */
export const notOnThisServer = 'NOT_ON_THIS_SERVER'

const embedded: NodeSipServer = { env: {}, close: () => Promise.resolve() }

type Environment = Readonly<Record<string, string | undefined>>

/**
 * The embedded SIP server, unless DRACHTIO_UNDER_TEST names a drachtio-server: the path of its program, which is started for each node,
 * or the `host:port` of one that runs, which has one node at a time.
 */
export function sipServerFor(settings: Environment, { DRACHTIO_UNDER_TEST: chosen = '', ...own } = process.env): Promise<NodeSipServer> {
  if (chosen === '' || settings.HOTDESK_DRACHTIO !== undefined) return Promise.resolve(embedded)
  return chosen.includes('/') ? ownDrachtio(chosen, settings) : borrowDrachtio(chosen, settings, own)
}

interface StartedServer extends NodeSipServer {
  /** Where it listens, in the form of HOTDESK_SIP_LISTEN. */
  readonly listen: string
}

interface Shared {
  readonly server: Promise<StartedServer>
  nodes: number
}

/** By their addresses. A drachtio-server outlives its node, and the next node at the same addresses finds it. */
const started = new Map<string, Shared>()

async function ownDrachtio(program: string, settings: Environment): Promise<NodeSipServer> {
  const listen = settings.HOTDESK_SIP_LISTEN ?? ''
  const key = listen === '' || listen.includes(':0,') || listen.endsWith(':0') ? randomUUID() : listen
  const shared = started.get(key) ?? { server: startDrachtio(program, settings), nodes: 0 }
  started.set(key, shared)
  shared.nodes += 1
  const server = await shared.server
  started.set(server.listen, shared)
  let isClosed = false
  return {
    env: server.env,
    async close() {
      if (isClosed) return
      isClosed = true
      shared.nodes -= 1
      if (shared.nodes > 0) return
      for (const [each, other] of started) if (other === shared) started.delete(each)
      await server.close()
    },
  }
}

/** One that crashes is started again, as a service manager does; the lane counts it. */
async function startDrachtio(program: string, settings: Environment): Promise<StartedServer> {
  const folder = await mkdtemp(join(tmpdir(), 'hotdesk-drachtio-'))
  const file = join(folder, 'drachtio.conf.xml')
  const [admin, secret] = [await freePort(), 'cymru']
  const addresses = await addressesFor(settings)
  await writeFile(file, configuration(addresses, settings, { admin, secret }))
  let isWanted = true
  let running = launch()

  function launch(): DrachtioRun {
    const run = runDrachtio(program, file, folder)
    void run.exited.then(() => {
      if (!isWanted || run.child.signalCode === null) return
      note({ event: 'crash', signal: run.child.signalCode })
      running = launch()
    })
    return run
  }

  async function close(): Promise<void> {
    isWanted = false
    running.child.kill('SIGKILL')
    await running.exited
    await removeFolder(folder)
  }

  if (!(await accepts(admin, running.exited))) {
    const output = running.output()
    await close()
    throw new Error(`drachtio-server does not start:\n${output}`)
  }
  const listen = addresses.map(({ protocol, address, port }) => `${protocol}://${address}:${port}`).join(',')
  return { listen, env: { HOTDESK_DRACHTIO: `tcp://127.0.0.1:${admin}`, HOTDESK_DRACHTIO_SECRET: secret }, close }
}

interface DrachtioRun {
  readonly child: ChildProcess
  readonly exited: Promise<unknown[]>
  output(): string
}

function runDrachtio(program: string, file: string, folder: string): DrachtioRun {
  const child = startChild(program, ['-f', file], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] })
  return { child, exited: once(child, 'exit'), output: outputOf(child) }
}

/** What the lane `npm run test:drachtio` is told by the tests. */
export type DrachtioEvent =
  | { readonly event: 'crash'; readonly signal: string; readonly file?: undefined }
  | { readonly event: 'unsuited'; readonly file: string | undefined }

function note(event: DrachtioEvent): void {
  const { DRACHTIO_UNDER_TEST_EVENTS: file } = process.env
  if (file !== undefined) appendFileSync(file, `${JSON.stringify(event)}\n`)
}

export function drachtioEventsIn(file: string): readonly DrachtioEvent[] {
  if (!existsSync(file)) return []
  return readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as DrachtioEvent)
}

/** drachtio-server does not leave the choice of a port to the system. */
async function addressesFor({
  HOTDESK_SIP_LISTEN = 'udp://127.0.0.1:0,tcp://127.0.0.1:0',
}: Environment): Promise<readonly ListenAddress[]> {
  const addresses: ListenAddress[] = []
  for (const text of HOTDESK_SIP_LISTEN.split(',')) {
    const address = parseListenAddress(text.trim())
    if (!address) throw new Error(`${text} is not an address`)
    addresses.push({ ...address, port: address.port || (await freePort()) })
  }
  return addresses
}

interface Admin {
  readonly admin: number
  readonly secret: string
}

function configuration(addresses: readonly ListenAddress[], settings: Environment, { admin, secret }: Admin): string {
  const contacts = addresses.map(({ protocol, address, port }) => {
    const scheme = protocol === 'tls' || protocol === 'wss' ? 'sips' : 'sip'
    const host = address.includes(':') ? `[${address}]` : address
    return `<contact>${scheme}:${host}:${port};transport=${protocol}</contact>`
  })
  const { HOTDESK_SIP_TLS_CERTIFICATE: certificate, HOTDESK_SIP_TLS_KEY: key } = settings
  const tls =
    certificate === undefined
      ? ''
      : `<tls><key-file>${key}</key-file><cert-file>${certificate}</cert-file><chain-file>${certificate}</chain-file></tls>`
  return `<drachtio>
  <admin port="${admin}" secret="${secret}">127.0.0.1</admin>
  <sip><contacts>${contacts.join('')}</contacts>${tls}</sip>
  <cdrs>false</cdrs>
  <logging><console/><sofia-loglevel>1</sofia-loglevel><loglevel>notice</loglevel></logging>
</drachtio>
`
}

function outputOf(child: ChildProcess): () => string {
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (text: string) => {
      output = (output + text).slice(-10_000)
    })
  return () => output
}

/** Resolves when something accepts connections there, or when the process has ended. */
async function accepts(port: number, exited: Promise<unknown>): Promise<boolean> {
  let hasEnded = false
  void exited.then(() => {
    hasEnded = true
  })
  for (;;) {
    const socket = connect(port, '127.0.0.1')
    const isOpen = await once(socket, 'connect').then(
      () => true,
      () => false,
    )
    socket.destroy()
    if (isOpen || hasEnded) return isOpen
    await pause(systemClock, 10)
  }
}

let isLent = false

function borrowDrachtio(place: string, settings: Environment, { HOTDESK_DRACHTIO_SECRET = 'cymru' }: Environment): Promise<NodeSipServer> {
  const isPlain = settings.HOTDESK_SIP_LISTEN === undefined && settings.HOTDESK_SIP_TLS_CERTIFICATE === undefined
  if (isLent) throw unsuited('a drachtio-server has one node at a time')
  if (!isPlain) throw unsuited('the addresses of a drachtio-server that runs are its own')
  isLent = true
  return Promise.resolve({
    env: { HOTDESK_DRACHTIO: `tcp://${place}`, HOTDESK_DRACHTIO_SECRET },
    close() {
      isLent = false
      return Promise.resolve()
    },
  })
}

function unsuited(why: string): Error {
  note({ event: 'unsuited', file: expect.getState().testPath })
  return new Error(`${notOnThisServer}: ${why}`)
}
