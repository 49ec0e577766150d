import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { connect, createServer, isIPv6 } from 'node:net'
import { systemClock } from '../../base/clock.js'
import { errors, isAppError, messageOf } from '../../base/errors.js'
import { holdersOf } from '../../base/host/port-holders.js'
import { printHostPort } from '../../base/host-port.js'
import type { Config } from '../../config/config.js'
import { type Finding, findingsAbout } from './finding.js'
import type { OwnNode } from './own-node.js'

interface Port {
  readonly setting: string
  readonly protocol: 'udp' | 'tcp'
  readonly address: string
  readonly port: number
}

/** Whether each port of the node is free, or in use by the node itself. */
export function ports(config: Config, own: OwnNode): Promise<readonly Finding[]> {
  const sip =
    config.drachtio === 'embedded'
      ? config.sip.listen.map(({ protocol, ...at }) => ({ setting: 'sip.listen', protocol: transportOf(protocol), ...at }))
      : []
  return Promise.all([...sip, { setting: 'http.listen', protocol: 'tcp' as const, ...config.http }].map((port) => portFinding(port, own)))
}

function transportOf(protocol: string): 'udp' | 'tcp' {
  return protocol === 'udp' ? 'udp' : 'tcp'
}

async function portFinding(place: Port, own: OwnNode): Promise<Finding> {
  const { setting, protocol, address, port } = place
  const { good, wrong } = findingsAbout('port')
  const name = `${protocol}/${printHostPort(address, port)}`
  if (port === 0) return good(`${name}: the system chooses`)
  const fault = await tryPort(place)
  if (fault === null)
    return own.state === 'runs'
      ? wrong(`${name} is free although the node is running`, `restart the node: it was started before ${setting} was changed`)
      : good(`${name} is free`)
  if (fault === 'EADDRINUSE') {
    if (own.state === 'runs') return good(`${name} is in use by the node`)
    if (own.state === 'unknown') return good(`${name} is in use, probably by the node in another container or on another machine`)
    return wrong(
      `${name} is in use by ${holderWords(protocol, port)}`,
      `set another port at ${setting}, or move that program to another port`,
    )
  }
  if (fault === 'EACCES')
    return wrong(
      `${name} needs special privileges`,
      `set a port of 1024 or above at ${setting}, or allow it with setcap cap_net_bind_service`,
    )
  return wrong(`${name} cannot be listened on (${fault})`, `set an address of this machine at ${setting}`)
}

/** Names the program without advice to end it: it may be a SIP server with calls. */
function holderWords(protocol: 'udp' | 'tcp', port: number): string {
  const holders = holdersOf(protocol, port).map(({ pid, program }) => `${program} (process ${pid})`)
  return holders.length > 0 ? holders.join(', ') : 'a program that this user cannot see'
}

/** Adds the program that has the port to PORT_IN_USE; returns any other fault as it is. */
export function withHolder(fault: unknown): unknown {
  if (!isAppError(fault, 'PORT_IN_USE')) return fault
  const [, port] = /\bport (?:\S*:)?([0-9]{1,5}) is in use\b/.exec(fault.says) ?? []
  if (port === undefined) return fault
  const holders = holderWords(fault.message.startsWith('udp:') ? 'udp' : 'tcp', Number(port))
  return errors.PORT_IN_USE.held({ inUse: fault.says, holders, todo: fault.todo }, fault)
}

/** Opens and closes a port; the error code if that fails. */
async function tryPort({ protocol, address, port }: Port): Promise<string | null> {
  try {
    if (protocol === 'udp') {
      const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4')
      const bound = once(socket, 'listening')
      socket.bind({ port, address, exclusive: true })
      await bound.finally(() => socket.close())
    } else {
      const server = createServer()
      const listening = once(server, 'listening')
      server.listen({ port, host: address, exclusive: true })
      await listening.finally(() => server.close())
    }
    return null
  } catch (fault) {
    return (fault as { code?: string }).code ?? messageOf(fault)
  }
}

const connectWithinMs = 2_000

/** Whether a drachtio-server answers. Only a node can find out whether it accepts the secret. */
export async function drachtio({ drachtio: place }: Config): Promise<Finding[]> {
  if (place === 'embedded') return []
  const { good, wrong } = findingsAbout('drachtio')
  const name = `${place.host}:${place.port}`
  const socket = connect(place.port, place.host)
  const late = systemClock.after(connectWithinMs, () => socket.destroy(new Error(`no answer within ${connectWithinMs / 1_000} s`)))
  try {
    await once(socket, 'connect')
    return [good(`${name} answers`)]
  } catch (fault) {
    return [wrong(`${name} does not answer: ${messageOf(fault)}`, 'start the drachtio-server, or correct `drachtio`')]
  } finally {
    late.cancel()
    socket.destroy()
  }
}
