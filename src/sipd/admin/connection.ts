import type { Socket } from 'node:net'
import type { Clock, Milliseconds } from '../../base/clock.js'
import { messageOf } from '../../base/errors.js'
import { type Client, createClient } from './client.js'
import { type CommandNeeds, execute } from './commands.js'
import { createFrameReader } from './frame.js'
import { createLink } from './link.js'

/** Probes a silent client's connection, as drachtio-server does. */
const keepAliveMs: Milliseconds = 45_000
/** Who has not authenticated by then does not mean to. */
const admissionMs: Milliseconds = 10_000

export interface ConnectionNeeds extends CommandNeeds {
  readonly clock: Clock
}

/** Serves one connection with an application, whoever has opened it, until it is closed. */
export function serveConnection(socket: Socket, needs: ConnectionNeeds, ended: () => void): Client {
  const { registry, userAgent, clock, log } = needs
  socket.setNoDelay(true)
  socket.setKeepAlive(true, keepAliveMs)
  const client = createClient(createLink(socket))
  const frames = createFrameReader()
  const admission = clock.after(admissionMs, () => {
    if (!client.authenticated) socket.destroy()
  })
  socket.on('data', (chunk: Buffer) => {
    const payloads = frames.push(chunk)
    for (const payload of payloads ?? []) if (client.connected) execute(client, payload, needs)
    if (!payloads) socket.destroy()
  })
  // Tells itself by `close`.
  socket.on('error', (fault) => log.debug({ event: 'sip.lost', reason: messageOf(fault) }, 'an application was lost'))
  socket.on('close', () => {
    admission.cancel()
    registry.remove(client)
    userAgent.forget(client)
    ended()
  })
  return client
}
