import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseListenAddress } from '../../src/base/listen-address.js'
import { startChild } from './child.js'
import { freePort } from './free-port.js'
import { removeFolder } from './remove-folder.js'

/** The SIP server of one node. */
export interface NodeSipServer {
  /** Added to the node's environment. */
  readonly env: Readonly<Record<string, string>>
  /** Resolves with the reason when the server ends by itself. */
  readonly ended: Promise<string>
  close(): Promise<void>
}

/** What the lane `npm run test:drachtio` recognises: the test needs a server that can be configured. */
export const notOnThisServer = 'NOT_ON_THIS_SERVER'

const never = new Promise<never>(() => undefined)
const embedded: NodeSipServer = { env: {}, ended: never, close: () => Promise.resolve() }

type Environment = Readonly<Record<string, string | undefined>>

/**
 * The embedded SIP server, unless HOTDESK_TEST_DRACHTIO names a drachtio-server: the path of its program, which is started for each node,
 * or the `host:port` of one that runs, which has one node at a time.
 */
export function sipServerFor(settings: Environment, { HOTDESK_TEST_DRACHTIO: chosen = '', ...own } = process.env): Promise<NodeSipServer> {
  if (chosen === '' || settings.HOTDESK_DRACHTIO !== undefined) return Promise.resolve(embedded)
  return chosen.includes('/') ? startDrachtio(chosen, settings) : borrowDrachtio(chosen, settings, own)
}

async function startDrachtio(program: string, settings: Environment): Promise<NodeSipServer> {
  const folder = await mkdtemp(join(tmpdir(), 'hotdesk-drachtio-'))
  const file = join(folder, 'drachtio.conf.xml')
  const [admin, secret] = [await freePort(), 'cymru']
  await writeFile(file, await configuration(settings, { admin, secret }))
  const child = startChild(program, ['-f', file], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] })
  const output = outputOf(child)
  const exited = once(child, 'exit')
  await accepts(admin, exited).catch((fault: unknown) => {
    throw new Error(`${String(fault)}\n${output()}`)
  })
  return {
    env: { HOTDESK_DRACHTIO: `tcp://127.0.0.1:${admin}`, HOTDESK_DRACHTIO_SECRET: secret },
    ended: exited.then(([code, signal]) => `drachtio-server ended with ${String(code ?? signal)}:\n${output()}`),
    async close() {
      child.kill('SIGKILL')
      await exited
      await removeFolder(folder)
    },
  }
}

/** drachtio-server's configuration for the addresses that a node of the tests listens on. */
async function configuration(settings: Environment, { admin, secret }: { admin: number; secret: string }): Promise<string> {
  const listen = (settings.HOTDESK_SIP_LISTEN ?? 'udp://127.0.0.1:0,tcp://127.0.0.1:0').split(',')
  const contacts: string[] = []
  for (const text of listen) {
    const address = parseListenAddress(text)
    if (!address) throw new Error(`${text} is not an address`)
    const scheme = address.protocol === 'tls' || address.protocol === 'wss' ? 'sips' : 'sip'
    contacts.push(`${scheme}:${address.address}:${address.port || (await freePort())};transport=${address.protocol}`)
  }
  const { HOTDESK_SIP_TLS_CERTIFICATE: certificate, HOTDESK_SIP_TLS_KEY: key } = settings
  const tls = certificate === undefined ? '' : `<tls><key-file>${key}</key-file><cert-file>${certificate}</cert-file></tls>`
  return `<drachtio>
  <admin port="${admin}" secret="${secret}">127.0.0.1</admin>
  <sip><contacts>${contacts.map((contact) => `<contact>${contact}</contact>`).join('')}</contacts>${tls}</sip>
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

/** Resolves when something accepts connections there. */
async function accepts(port: number, exited: Promise<unknown>): Promise<void> {
  let hasEnded = false
  void exited.then(() => {
    hasEnded = true
  })
  while (!hasEnded) {
    const socket = connect(port, '127.0.0.1')
    const isOpen = await once(socket, 'connect').then(
      () => true,
      () => false,
    )
    socket.destroy()
    if (isOpen) return
  }
  throw new Error('drachtio-server ended at its start')
}

let isLent = false

function borrowDrachtio(place: string, settings: Environment, { HOTDESK_DRACHTIO_SECRET = 'cymru' }: Environment): Promise<NodeSipServer> {
  const isPlain = settings.HOTDESK_SIP_LISTEN === undefined && settings.HOTDESK_SIP_TLS_CERTIFICATE === undefined
  if (isLent) throw new Error(`${notOnThisServer}: a drachtio-server has one node at a time`)
  if (!isPlain) throw new Error(`${notOnThisServer}: the addresses of a drachtio-server that runs are its own`)
  isLent = true
  return Promise.resolve({
    env: { HOTDESK_DRACHTIO: `tcp://${place}`, HOTDESK_DRACHTIO_SECRET },
    ended: never,
    close() {
      isLent = false
      return Promise.resolve()
    },
  })
}
