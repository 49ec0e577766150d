import type { Socket } from 'node:net'
import type { Alarm, Clock, Milliseconds } from '../../base/clock.js'
import { messageOf } from '../../base/errors.js'
import { type Client, createClient } from './client.js'
import { type CommandNeeds, execute } from './commands.js'
import { createFrameReader } from './frame.js'
import { createLink } from './link.js'

/** TCP keep-alive, as in drachtio-server. */
const keepAliveMs: Milliseconds = 45_000
/** A client must authenticate within this time. */
const admissionMs: Milliseconds = 10_000
/** An application whose connection has failed may resume within this time. Until then its dialogs are kept. */
const graceMs: Milliseconds = 10_000

export interface ConnectionNeeds extends Omit<CommandNeeds, 'resume'> {
  readonly clock: Clock
  readonly sessions: Sessions
}

/** Applications that can resume, by ticket. */
export interface Sessions {
  /** The session of a client, if it has a ticket. */
  of(client: Client): Session | null
  find(ticket: string): Session | undefined
  begin(client: Client, socket: Socket): void
  end(session: Session): void
  /** The application resumes over this connection. */
  resume(session: Session, socket: Socket): void
  readonly resumptions: number
  readonly isClosed: boolean
  /** Unread bytes of all applications. */
  readonly unread: number
  close(): void
}

interface Session {
  readonly ticket: string
  readonly client: Client
  /** The latest connection. */
  socket: Socket
  /** Ends the wait for the next connection. */
  grace: Alarm | null
}

export function createSessions(): Sessions {
  const byTicket = new Map<string, Session>()
  let isClosed = false
  let resumptions = 0
  return {
    of: (client) => [...byTicket.values()].find((session) => session.client === client) ?? null,
    find: (ticket) => byTicket.get(ticket),
    begin(client, socket) {
      if (client.ticket !== null) byTicket.set(client.ticket, { ticket: client.ticket, client, socket, grace: null })
    },
    end(session) {
      session.grace?.cancel()
      if (byTicket.get(session.ticket) === session) byTicket.delete(session.ticket)
    },
    resume(session, socket) {
      session.grace?.cancel()
      session.grace = null
      session.socket = socket
      resumptions += 1
    },
    get resumptions() {
      return resumptions
    },
    get isClosed() {
      return isClosed
    },
    get unread() {
      return [...byTicket.values()].reduce((sum, { client }) => sum + client.unread, 0)
    },
    close() {
      isClosed = true
      for (const { grace } of byTicket.values()) grace?.cancel()
    },
  }
}

/** Serves a connection with an application, opened by either side, until it is closed. */
export function serveConnection(socket: Socket, needs: ConnectionNeeds, ended: () => void): Client {
  const { sessions, clock, log } = needs
  socket.setNoDelay(true)
  socket.setKeepAlive(true, keepAliveMs)
  const first = createClient(createLink(socket))
  let client = first
  const frames = createFrameReader()
  const admission = clock.after(admissionMs, () => {
    if (!client.authenticated) socket.destroy()
  })
  const commands: CommandNeeds = {
    ...needs,
    resume(command, ticket, read) {
      const session = sessions.find(ticket)
      if (!session) return false
      if (!session.client.readmit(command, socket, read, needs.greeting())) {
        forget(session.client, session, needs)
        return false
      }
      sessions.resume(session, socket)
      client = session.client
      log.warn({ event: 'sip.resumed' }, 'an application lost its connection and resumed over another one')
      return true
    },
  }
  socket.on('data', (chunk: Buffer) => {
    const payloads = frames.push(chunk)
    for (const payload of payloads ?? []) if (client.connected) execute(client, payload, commands)
    if (client === first && client.ticket !== null && !sessions.find(client.ticket)) sessions.begin(client, socket)
    if (!payloads) socket.destroy()
  })
  // `close` follows.
  socket.on('error', (fault) => log.debug({ event: 'sip.lost', reason: messageOf(fault) }, 'an application was lost'))
  socket.on('close', () => {
    admission.cancel()
    lose(client, socket, needs)
    ended()
  })
  return first
}

function lose(client: Client, socket: Socket, needs: ConnectionNeeds): void {
  const { sessions, clock } = needs
  const session = sessions.of(client)
  // It has resumed already.
  if (session && session.socket !== socket) return
  client.detach()
  if (session && client.ticket !== null && client.connected && !sessions.isClosed) {
    session.grace = clock.after(graceMs, () => forget(client, session, needs))
  } else forget(client, session, needs)
}

function forget(client: Client, session: Session | null, { sessions, registry, userAgent }: ConnectionNeeds): void {
  if (session) sessions.end(session)
  client.close()
  registry.remove(client)
  userAgent.forget(client)
}
