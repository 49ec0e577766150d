import { expect, vi } from 'vitest'
import type { UserEdit } from '../../../src/directory/directory.js'
import { freePort } from '../net/free-port.js'
import { tlsSampleFiles } from '../net/tls-sample.js'
import { openTlsTunnel, type TlsTunnel } from '../net/tls-tunnel.js'
import type { TestNode } from '../node/node.js'
import { openTestOffice, passwordOf, type TestOffice } from '../node/office.js'
import { type SippParts, type SippRun, startSipp } from './sipp.js'
import type { SippMessage } from './sipp-trace.js'

type Words = Readonly<Record<string, string | number>>

/** A phone whose every message is written down in a scenario. One scenario after the other, always on the same port. */
export interface SippPhone {
  readonly device: string
  readonly port: number
  /** Starts a scenario; `{{device}}` and `{{password}}` are this phone's. */
  plays(scenario: string, parts?: { readonly words?: Words } & Partial<SippParts>): SippRun
}

/** A registered phone with its user on it. */
export interface SippDesk extends SippPhone {
  readonly extension: string
}

export interface SippOffice extends TestOffice {
  readonly site: TestNode
  /** A phone that has not registered. */
  unregistered(): Promise<SippPhone>
  /** One that has, with nobody on it. */
  idle(): Promise<SippPhone>
  desk(): Promise<SippDesk>
  /** One whose connection, over TLS, stays. */
  tlsDesk(): Promise<SippDesk>
  /** Somebody else, a carrier or a stranger, on a port of theirs. */
  outsider(name: string, port?: number): Promise<SippPhone>
}

export interface SippOfficeParts {
  /** How many phones and users there are. */
  readonly desks: number
  readonly user?: (index: number) => UserEdit
  readonly dialplan?: string
}

/** A node with so many phones HD0120 … and users 120 … (112 is an emergency number); each call for one gives another. */
export async function openSippOffice({ desks, user = () => ({}), dialplan = plainPlan }: SippOfficeParts): Promise<SippOffice> {
  const office = await openTestOffice()
  const names = Array.from({ length: desks }, (_, index) => ({ device: `HD0${120 + index}`, extension: String(120 + index) }))
  for (const [index, { device, extension }] of names.entries()) {
    const location = `desk ${index + 1}`
    await office.directory.putDevice(device, {
      site: 'paris',
      hotdesk: true,
      password: passwordOf(device),
      location,
      elin: `+331990002${index + 10}`,
    })
    await office.directory.putUser(extension, { name: `User ${extension}`, home: 'paris', ...user(index) })
  }
  const { certificate, key } = tlsSampleFiles('first')
  const env = {
    HOTDESK_SIP_LISTEN: 'udp://127.0.0.1:0,tcp://127.0.0.1:0,tls://127.0.0.1:0',
    HOTDESK_SIP_TLS_CERTIFICATE: certificate,
    HOTDESK_SIP_TLS_KEY: key,
  }
  const site = await office.node('paris-1', 'paris', { dialplan, env })
  const running = new Set<SippRun>()

  const tunnels: TlsTunnel[] = []

  function phoneAt(device: string, port: number, tunnel: TlsTunnel | null = null): SippPhone {
    return {
      device,
      port,
      plays(scenario, { words = {}, ...parts } = {}) {
        const own = { device, password: passwordOf(device).reveal() }
        const run = startSipp({
          scenario,
          port,
          ...(tunnel ? { node: tunnel.address, protocol: 'tls' } : { node: parts.protocol === 'tcp' ? site.tcp : site.udp }),
          words: { ...own, ...words },
          ...parts,
        })
        running.add(run)
        return run
      },
    }
  }

  function next(): { device: string; extension: string } {
    const name = names.shift()
    if (!name) throw new Error('no desk is left')
    return name
  }

  async function idle(device = next().device): Promise<SippPhone> {
    return registered(phoneAt(device, await freePort()))
  }

  async function registered(phone: SippPhone): Promise<SippPhone> {
    await phone.plays('register', { words: { expires: 300 } }).messages
    return phone
  }

  async function seated(phone: SippPhone, extension: string): Promise<SippDesk> {
    // A login is followed by a NOTIFY: it is answered, so that no scenario meets it.
    const notified = phone.plays('notified')
    await notified.ready
    const answer = await office.redis.cli('FCALL', 'hotdesk_login', '1', '{hd}', extension, phone.device)
    if (answer !== 'LOGGED_IN') throw new Error(`login of ${extension} on ${phone.device}: ${answer}`)
    await notified.messages
    return { ...phone, extension }
  }

  return {
    ...office,
    site,
    unregistered: async () => phoneAt(next().device, await freePort()),
    outsider: async (name, port) => phoneAt(name, port ?? (await freePort())),
    idle: () => idle(),
    async desk() {
      const { device, extension } = next()
      return seated(await idle(device), extension)
    },
    async tlsDesk() {
      const { device, extension } = next()
      const port = await freePort()
      const tunnel = await openTlsTunnel({ server: site.address('tls'), phonePort: port })
      tunnels.push(tunnel)
      return seated(await registered(phoneAt(device, port, tunnel)), extension)
    },
    async close() {
      for (const run of running) await run.kill()
      for (const tunnel of tunnels) await tunnel.close()
      await office.close()
    },
  }
}

const plainPlan = JSON.stringify({ site: 'paris', extensions: ['1XX'] })

export interface Played {
  readonly caller: readonly SippMessage[]
  readonly callee: readonly SippMessage[]
}

/** Both go through to their ends: what the caller saw, and what the callee saw. When one fails the other is not waited for. */
export async function played(caller: SippRun, callee: SippRun): Promise<Played> {
  const stop = (): void => void Promise.all([caller.kill(), callee.kill()])
  for (const { messages } of [caller, callee]) messages.catch(stop)
  const [first, second] = await Promise.allSettled([caller.messages, callee.messages])
  if (first.status === 'fulfilled' && second.status === 'fulfilled') return { caller: first.value, callee: second.value }
  throw new Error([first, second].flatMap((side) => (side.status === 'rejected' ? [String(side.reason)] : [])).join('\n\n'))
}

/** The callee listens, then the caller dials its extension. */
export async function call(caller: SippPhone, says: string, callee: SippDesk, answers: string, words: Words = {}): Promise<Played> {
  const answering = callee.plays(answers, { words })
  await answering.ready
  return played(caller.plays(says, { words: { number: callee.extension, ...words } }), answering)
}

/** What has begun must have ended, in the node's own account. */
export async function noCallIsLeft(node: TestNode): Promise<void> {
  const active = async (): Promise<string> =>
    /^hotdesk_calls_active(?:{.*})? (.+)$/m.exec(await (await fetch(`${node.http}/metrics`)).text())?.[1] ?? ''
  await vi.waitFor(async () => expect(await active()).toBe('0'), 5_000)
}
