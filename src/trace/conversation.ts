import { parseHostPort } from '../base/host-port.js'
import type { TracedMessage } from './contract.js'
import { readSipText, type SipText } from './sip-text.js'

/** A column of the ladder. */
export interface Party {
  readonly key: string
  /** `HD0001`, `paris-1`, `trunk paris-carrier`; the address if the name is unknown. */
  readonly name: string
  /** `192.0.2.7:5060` */
  readonly address: string
  readonly isNode: boolean
}

/** One message from one party to another, wherever it was seen. */
export interface Arrow {
  /** Epoch milliseconds. */
  readonly at: number
  readonly from: Party
  readonly to: Party
  readonly protocol: string
  readonly callId: string
  /** How often it was sent before. */
  readonly repeats: number
  readonly sip: SipText
  readonly text: string
}

/** Joins what several nodes have seen. */
export interface Conversation {
  /** Null for a message between two nodes that the other one has reported. */
  add(node: string, message: TracedMessage): Arrow | null
}

/** How often each side has seen a message. */
type Sightings = Record<TracedMessage['way'], number>

/** A phone may be followed for days. */
const mostSightings = 20_000

export function createConversation(): Conversation {
  const sightings = new Map<string, Sightings>()
  const nodeAt = new Map<string, string>()

  function ends(node: string, { local, remote, peer }: TracedMessage): { here: Party; there: Party } {
    nodeAt.set(local, node)
    return { here: nodeParty(node, local), there: partyOf(peer, remote) }
  }

  function partyOf(peer: string | null, address: string): Party {
    const node = peer?.startsWith('node ') ? peer.slice(5) : peer === null ? nodeAt.get(address) : undefined
    if (node !== undefined) return nodeParty(node, address)
    // Two contacts of a phone, or two addresses of a trunk, are two columns.
    const name = peer === null || peer === 'unknown' ? (parseHostPort(address)?.host ?? address) : peer
    return { key: `${name} ${address}`, name, address, isNode: false }
  }

  return {
    add(node, message) {
      const { here, there } = ends(node, message)
      const [from, to] = message.way === 'out' ? [here, there] : [there, here]
      const sip = readSipText(message.text)
      const key = `${from.key} > ${to.key} ${sip.identity}`
      const seen = sightings.get(key) ?? { in: 0, out: 0 }
      const before = Math.max(seen.in, seen.out)
      seen[message.way] += 1
      sightings.set(key, seen)
      for (const [oldest] of sightings) {
        if (sightings.size <= mostSightings) break
        sightings.delete(oldest)
      }
      if (Math.max(seen.in, seen.out) === before) return null
      const { at, protocol, callId, text } = message
      return { at, from, to, protocol, callId, repeats: before, sip, text }
    },
  }
}

function nodeParty(name: string, address: string): Party {
  return { key: `node ${name}`, name, address, isNode: true }
}
