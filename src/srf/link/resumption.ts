import { randomBytes, randomUUID } from 'node:crypto'
import { Socket } from 'node:net'
import type { Alarm, Clock, Milliseconds } from '../../base/clock.js'
import type { DrachtioAgent, DrachtioSocketState, DrachtioSocketTable } from '../drachtio.js'
import { passUpdates } from '../early-update.js'

/**
 * Lets drachtio-srf continue over a new connection after the old one has failed. hotdesk's own SIP server keeps the state of an application
 * for some seconds (see sipd/admin); each side counts the frames it has read, and resends those that the other has not. drachtio-srf does not
 * notice: its table of sockets is replaced by one in which the old and the new socket share their state. A drachtio-server does not support
 * this; then nothing changes.
 */
export interface Resumption {
  /** To be called when the connection has failed. True: the link may resume; `givenUp` is called if it does not. */
  awaits(givenUp: () => void): boolean
  /** To be called when a connection has authenticated. `resumed`: the state is kept; `new`: it is gone. */
  connected(): 'resumed' | 'new'
  /** To be called before the connection is closed on purpose. */
  leave(): void
}

/** Shorter than the server's own, so that the server still has the state. */
const graceMs: Milliseconds = 8_000
/** Read frames are acknowledged after this number of frames, of characters, or after this time. */
const framesUnacknowledged = 64
const charactersUnacknowledged = 64 * 1024
const acknowledgeMs: Milliseconds = 200
/** Limit of the commands that the server has not read, in characters. Beyond it, the link does not resume. */
const mostKept = 16 * 1024 * 1024

interface Attachment {
  readonly socket: Socket
  readonly state: DrachtioSocketState
}

interface KeptCommand {
  readonly number: number
  readonly frame: string
}

export function makeResumable(agent: DrachtioAgent, clock: Clock): Resumption {
  let ticket = newTicket()
  /** The connection that drachtio-srf uses. Its socket may be dead while another one is awaited. */
  let current: Attachment | null = null
  /** A connection that has not yet authenticated. */
  let candidate: Attachment | null = null
  let live: Socket | null = null
  /** All sockets of this link, dead ones too: the requests and responses of drachtio-srf refer to the socket they arrived on. */
  let known = new WeakSet<Socket>()
  let isResumable = false
  let outcome: 'resumed' | 'new' = 'new'
  let grace: Alarm | null = null
  let read = 0
  let unacknowledged = { frames: 0, characters: 0 }
  let acknowledging: Alarm | null = null
  let sent = 0
  let keptSize = 0
  const kept = new Map<string, KeptCommand>()
  /** Replaces the socket of requests that are older than the current one. */
  const standIn = new Socket()

  const encode = (text: string): string => `${Buffer.byteLength(text)}#${text}`

  function acknowledge(): void {
    acknowledging?.cancel()
    acknowledging = null
    unacknowledged = { frames: 0, characters: 0 }
    if (isResumable && live) writeSoon(live, encode(`${randomUUID()}|received|${read}`))
  }

  function noteRead(characters: number): void {
    read += 1
    unacknowledged.frames += 1
    unacknowledged.characters += characters
    if (unacknowledged.frames >= framesUnacknowledged || unacknowledged.characters >= charactersUnacknowledged) acknowledge()
    else acknowledging ??= clock.after(acknowledgeMs, acknowledge)
  }

  /** The next connection starts a new link. The server drops the state of this one after its grace period. */
  function giveUp(): void {
    grace?.cancel()
    grace = null
    current = null
    isResumable = false
    ticket = newTicket()
    forgetAll()
  }

  /** A response to a command shows that the server has read it, and all commands before it. */
  function forgetUntil(id: string): void {
    if (!kept.has(id)) return
    for (const [each, { frame }] of kept) {
      kept.delete(each)
      keptSize -= frame.length
      if (each === id) return
    }
  }

  function forgetAll(): void {
    kept.clear()
    keptSize = 0
    sent = 0
    read = 0
  }

  function send(socket: Socket, message: string): string {
    const id = randomUUID()
    const frame = encode(`${id}|${message}`)
    if (candidate?.socket === socket) writeSoon(socket, frame)
    else {
      sent += 1
      if (isResumable) {
        kept.set(id, { number: sent, frame })
        keptSize += frame.length
      }
      if (live) writeSoon(live, frame)
    }
    return id
  }

  /** The first frame of a connection answers `authenticate`. */
  function admitted(message: string): void {
    const words = message.split('|')
    if (!candidate || words[3] !== 'OK') return
    const [, commands] = /^resumed=(\d+)$/.exec(words.at(-1) ?? '') ?? []
    outcome = commands !== undefined && current && isResumable ? 'resumed' : 'new'
    if (outcome === 'resumed' && current) carryOver(current.state, candidate.state)
    else {
      forgetAll()
      known = new WeakSet([standIn])
    }
    known.add(candidate.socket)
    isResumable = outcome === 'resumed' || words.at(-1) === 'resumable'
    // The server has resumed a link that we have given up. Without a connection it drops that state.
    if (commands !== undefined && outcome === 'new') candidate.socket.destroy()
    grace?.cancel()
    grace = null
    current = candidate
    live = candidate.socket
    candidate = null
    if (outcome === 'new') return
    for (const { number, frame } of kept.values()) if (number > Number(commands)) live.write(frame)
  }

  /** The old sockets and the current one have the same state. */
  function socketTable(): DrachtioSocketTable {
    return {
      get: (socket) => (candidate?.socket === socket ? candidate.state : known.has(socket) ? current?.state : undefined),
      has: (socket) => socket === candidate?.socket || (current !== null && known.has(socket)),
      set(socket, state) {
        passUpdates(state)
        candidate = { socket, state }
      },
      delete(socket) {
        if (candidate?.socket === socket) candidate = null
        if (live === socket) live = null
        if (current?.socket === socket && !isResumable) current = null
      },
      keys: () => [current?.socket ?? candidate?.socket].values(),
      forEach(run) {
        const one = current ?? candidate
        if (one) run(one.state, one.socket)
      },
      get size() {
        return current || candidate ? 1 : 0
      },
    }
  }

  agent.mapServer = socketTable()
  agent.wp.send = send
  agent.wp.prependListener('msg', (socket: Socket, message: string) => {
    if (candidate?.socket === socket) {
      admitted(message)
      return
    }
    const [, verb, id = ''] = message.slice(0, 120).split('|', 3)
    if (verb === 'response') forgetUntil(id)
    noteRead(message.length)
  })
  agent.wp.prependListener('connect', () => {
    agent.tags = [`resume=${ticket}:${read}`]
  })
  const makeRequest = agent._makeRequest.bind(agent)
  // A request that is made without a connection waits for the next one.
  agent._makeRequest = (params) => makeRequest(current && known.has(params.socket) ? { ...params, socket: standIn } : params)
  agent.tags = [`resume=${ticket}:0`]

  return {
    awaits(givenUp) {
      live = null
      if (!isResumable || keptSize > mostKept) {
        giveUp()
        return false
      }
      grace ??= clock.after(graceMs, () => {
        giveUp()
        givenUp()
      })
      return true
    },
    connected: () => outcome,
    leave() {
      acknowledging?.cancel()
      grace?.cancel()
      if (isResumable) live?.write(encode(`${randomUUID()}|leave`))
      isResumable = false
    },
  }
}

/** All writes that one event leads to at once share a system call. */
function writeSoon(socket: Socket, frame: string): void {
  if (socket.writableCorked === 0) {
    socket.cork()
    process.nextTick(() => socket.uncork())
  }
  socket.write(frame)
}

function newTicket(): string {
  return randomBytes(24).toString('base64url')
}

/** Keeps pending requests. The closures of drachtio-srf refer to the old maps, so the new state takes them over. */
function carryOver(before: DrachtioSocketState, after: DrachtioSocketState): void {
  for (const [id, waits] of after.pendingRequests) before.pendingRequests.set(id, waits)
  Object.assign(after, {
    pendingRequests: before.pendingRequests,
    pendingSipRequests: before.pendingSipRequests,
    pendingSipAuthRequests: before.pendingSipAuthRequests,
    pendingNetworkInvites: before.pendingNetworkInvites,
    pendingAckOrPrack: before.pendingAckOrPrack,
  })
}
