import { createServer, type Socket } from 'node:net'
import { AppError, messageOf } from '../../base/errors.js'
import type { Logger } from '../../base/logger.js'
import type { Secret } from '../../base/secret.js'
import type { UserAgent } from '../dialog/user-agent.js'
import type { Listening } from '../transaction/transaction-layer.js'
import { endpointText } from '../transport/flow.js'
import { createClient } from './client.js'
import { type CommandNeeds, execute } from './commands.js'
import { createFrameReader } from './frame.js'
import { createLink } from './link.js'
import type { Registry } from './registry.js'

/** drachtio-srf pings only servers of v0.8.2 and later. */
const version = 'v0.9.10-hotdesk'
/** Probes a silent client's connection, as drachtio-server does. */
const keepAliveMs = 45_000

/** drachtio's admin wire: applications connect here. */
export interface AdminServer {
  readonly address: string
  readonly port: number
  /** Connected at this moment, authenticated or not. */
  readonly applications: number
  close(): Promise<void>
}

export interface AdminServerNeeds {
  readonly address: string
  /** 0: the system chooses. */
  readonly port: number
  readonly secret: Secret
  readonly registry: Registry
  readonly userAgent: UserAgent
  readonly listening: readonly Listening[]
  readonly log: Logger
}

export async function createAdminServer(needs: AdminServerNeeds): Promise<AdminServer> {
  const { registry, userAgent, log } = needs
  const sockets = new Set<Socket>()
  const commandNeeds: CommandNeeds = { ...needs, greeting: () => greetingOf(needs.listening) }

  function accept(socket: Socket): void {
    sockets.add(socket)
    socket.setNoDelay(true)
    socket.setKeepAlive(true, keepAliveMs)
    const client = createClient(createLink(socket))
    const frames = createFrameReader()
    socket.on('data', (chunk: Buffer) => {
      const payloads = frames.push(chunk)
      for (const payload of payloads ?? []) if (client.connected) execute(client, payload, commandNeeds)
      if (!payloads) socket.destroy()
    })
    // Tells itself by `close`.
    socket.on('error', (fault) => log.debug({ event: 'sip.lost', reason: messageOf(fault) }, 'an application was lost'))
    socket.on('close', () => {
      sockets.delete(socket)
      registry.remove(client)
      userAgent.forget(client)
    })
  }

  const server = createServer(accept)
  await new Promise<void>((resolve, reject) => {
    server.once('error', (fault) => reject(bindFault(needs, fault)))
    server.listen(needs.port, needs.address, resolve)
  })
  const bound = server.address()
  if (bound === null || typeof bound === 'string') throw new AppError('ADDRESS_UNAVAILABLE', 'the admin wire has no address')

  return {
    address: bound.address,
    port: bound.port,
    get applications() {
      return sockets.size
    },
    close() {
      for (const socket of sockets) socket.destroy()
      return new Promise((resolve) => {
        server.close(() => resolve())
      })
    },
  }
}

/** The transports in reverse order of the configuration: as shown outside, the version, as bound. */
function greetingOf(listening: readonly Listening[]): readonly string[] {
  const reversed = [...listening].reverse()
  const shown = reversed.map(({ protocol, advertised }) => `${protocol}/${endpointText(advertised)}`)
  const local = reversed.map((socket) => `${socket.protocol}/${endpointText(socket.local)}`)
  return [shown.join(','), version, local.join(',')]
}

function bindFault({ address, port }: AdminServerNeeds, fault: NodeJS.ErrnoException): AppError {
  const where = `${address}:${port}`
  if (fault.code === 'EADDRINUSE') return new AppError('PORT_IN_USE', `the admin wire's port ${where} is in use`, fault)
  return new AppError('ADDRESS_UNAVAILABLE', `the admin wire cannot listen on ${where}: ${fault.message}`, fault)
}
