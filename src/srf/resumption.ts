import { randomBytes, randomUUID } from 'node:crypto'
import { Socket } from 'node:net'
import type { Alarm, Clock, Milliseconds } from '../base/clock.js'
import type { DrachtioAgent, DrachtioSocketState, DrachtioSocketTable } from './drachtio.js'
import { passUpdates } from './early-update.js'

/**
 * Lets drachtio-srf go on over a new connection when the old one has failed. hotdesk's own SIP server keeps what belongs to an application for
 * some seconds (see sipd/admin); each side counts the frames it has read, and sends again what the other has not. drachtio-srf knows nothing
 * of it: its one table of sockets is replaced by one in which the old socket and the new one are the same. A drachtio-server cannot do that,
 * and then nothing changes.
 */
export interface Resumption {
  /** The connection has failed. True: wait, it may go on; `givenUp` is called if it does not. */
  awaits(givenUp: () => void): boolean
  /** A connection has authenticated. `resumed`: all goes on; `new`: nothing of the earlier one is left. */
  connected(): 'resumed' | 'new'
  /** Before a connection is closed on purpose. */
  leave(): void
}

/** Shorter than the server's, so that it has kept what is asked for. */
const graceMs: Milliseconds = 8_000
/** Read frames are acknowledged after so many, after so many characters, or after this time. */
const framesUnacknowledged = 64
const charactersUnacknowledged = 64 * 1024
const acknowledgeMs: Milliseconds = 200
/** Commands that the server has not read: beyond this they are too many to be kept. */
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
  /** What drachtio-srf works with; its socket may be dead, and then another is awaited. */
  let current: Attachment | null = null
  /** A connection that has not authenticated yet. */
  let candidate: Attachment | null = null
  let live: Socket | null = null
  /** The sockets of this session, dead ones as well: drachtio-srf's requests and responses hold the one that they came by. */
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
  /** Stands for the socket of requests and responses that are older than the present one. */
  const standIn = new Socket()

  const encode = (text: string): string => `${Buffer.byteLength(text)}#${text}`

  function acknowledge(): void {
    acknowledging?.cancel()
    acknowledging = null
    unacknowledged = { frames: 0, characters: 0 }
    if (isResumable) live?.write(encode(`${randomUUID()}|received|${read}`))
  }

  function noteRead(characters: number): void {
    read += 1
    unacknowledged.frames += 1
    unacknowledged.characters += characters
    if (unacknowledged.frames >= framesUnacknowledged || unacknowledged.characters >= charactersUnacknowledged) acknowledge()
    else acknowledging ??= clock.after(acknowledgeMs, acknowledge)
  }

  /** The next connection is another session; what the server has kept of this one it forgets in a while. */
  function giveUp(): void {
    grace?.cancel()
    grace = null
    current = null
    isResumable = false
    ticket = newTicket()
    forgetAll()
  }

  /** Its answer shows that the server has read it, and all before it. */
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
    if (candidate?.socket === socket) socket.write(frame)
    else {
      sent += 1
      if (isResumable) {
        kept.set(id, { number: sent, frame })
        keptSize += frame.length
      }
      live?.write(frame)
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
    // The server goes on with what has just been given up: without a connection it forgets that too.
    if (commands !== undefined && outcome === 'new') candidate.socket.destroy()
    grace?.cancel()
    grace = null
    current = candidate
    live = candidate.socket
    candidate = null
    if (outcome === 'new') return
    for (const { number, frame } of kept.values()) if (number > Number(commands)) live.write(frame)
  }

  /** Old sockets and the present one lead to the same state. */
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
  // A request that is made while there is no connection waits for the next one.
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

function newTicket(): string {
  return randomBytes(24).toString('base64url')
}

/** What waits for answers goes on waiting: the closures of drachtio-srf know the old maps, so the new state has those. */
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
