import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { tied } from '../process/child.js'

/** What went out and came back, in datagrams and bytes. */
export interface FloodCount {
  readonly sent: number
  readonly sentBytes: number
  readonly heard: number
  readonly heardBytes: number
  readonly seconds: number
}

export interface Flood {
  /** Ends it. */
  stop(): Promise<FloodCount>
}

export interface FloodNeeds {
  /** `127.0.0.1:5060` */
  readonly target: string
  readonly addresses: readonly string[]
  readonly perSecond: number
  /** `{n}` is another number each time, `{via}` where it is sent from. */
  readonly message: string
}

/** Datagrams from a process of its own; the addresses are loopback ones that nobody else uses. */
export async function startFlood(needs: FloodNeeds): Promise<Flood> {
  const child = spawn(...tied(process.execPath, [join(import.meta.dirname, 'flooder.mjs'), JSON.stringify(needs)]), {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  await lines.next()
  return {
    async stop() {
      const exited = once(child, 'exit')
      child.kill('SIGTERM')
      const { value } = (await lines.next()) as { value: string }
      await exited
      return JSON.parse(value) as FloodCount
    },
  }
}

/** `count` addresses of 127.0.0.0/8. */
export function forgedAddresses(count: number): string[] {
  return Array.from({ length: count }, (_, at) => `127.9.${1 + Math.floor(at / 250)}.${1 + (at % 250)}`)
}

/** A request as any phone sends it, for `startFlood`. */
export function floodRequest(method: string, uri: string, more: readonly string[] = [], body = ''): string {
  return [
    `${method} ${uri} SIP/2.0`,
    'Via: SIP/2.0/UDP {via};branch=z9hG4bKflood{n};rport',
    'Max-Forwards: 70',
    'From: <sip:somebody@hotdesk.test>;tag=f{n}',
    'To: <sip:somebody@hotdesk.test>',
    'Call-ID: flood-{n}',
    `CSeq: 1 ${method}`,
    'Contact: <sip:somebody@{via}>',
    ...more,
    `Content-Length: ${body.length}`,
    '',
    body,
  ].join('\r\n')
}
