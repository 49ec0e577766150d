import { createHmac, hkdfSync, randomBytes, timingSafeEqual } from 'node:crypto'
import type { Clock, Milliseconds } from '../../base/clock.js'
import type { Secret } from '../../base/secret.js'
import { createReplayGuard } from './replay-guard.js'

/** `foreign`: not made by this network. `stale`: ours, but too old, made by another process, or this count was used before. */
export type NonceState = 'fresh' | 'stale' | 'foreign'

/**
 * Nonces nobody has to remember (RFC 7616 §3.3): time, maker and chance, signed with the network's secret. Only nonces that
 * were used with a right password take memory, for their count. Another node's nonce is genuine but stale: that node alone
 * knows which counts were used, so accepting it here would let a recorded request be played again.
 */
export interface Nonces {
  issue(): string
  /** Without using the count up. */
  look(nonce: string): NonceState
  /** Uses the count up; `count` 1 where the phone sends none. Only for credentials that were right. */
  spend(nonce: string, count: number): NonceState
}

export interface NonceNeeds {
  readonly secret: Secret
  readonly clock: Clock
  readonly lifetimeMs: Milliseconds
  /** Nonces in use at the same time of which counts are kept. */
  readonly capacity: number
}

const timeBytes = 6
const makerBytes = 6
const chanceBytes = 8
const bodyBytes = timeBytes + makerBytes + chanceBytes
const signatureBytes = 16

export function createNonces({ secret, clock, lifetimeMs, capacity }: NonceNeeds): Nonces {
  const key = Buffer.from(hkdfSync('sha256', secret.reveal(), 'hotdesk', 'digest nonces', 32))
  const maker = randomBytes(makerBytes)
  const guard = createReplayGuard({ clock, lifetimeMs, capacity })

  function sign(body: Buffer): Buffer {
    return createHmac('sha256', key).update(body).digest().subarray(0, signatureBytes)
  }

  function bodyOf(nonce: string): Buffer | null {
    const bytes = Buffer.from(nonce, 'base64url')
    if (bytes.length !== bodyBytes + signatureBytes || bytes.toString('base64url') !== nonce) return null
    const body = bytes.subarray(0, bodyBytes)
    return timingSafeEqual(sign(body), bytes.subarray(bodyBytes)) ? body : null
  }

  function look(nonce: string): NonceState {
    const body = bodyOf(nonce)
    if (!body) return 'foreign'
    const age = clock.now() - body.readUIntBE(0, timeBytes)
    const ours = body.subarray(timeBytes, timeBytes + makerBytes).equals(maker)
    return ours && age <= lifetimeMs ? 'fresh' : 'stale'
  }

  return {
    issue() {
      const body = Buffer.alloc(bodyBytes)
      body.writeUIntBE(Math.floor(clock.now()), 0, timeBytes)
      maker.copy(body, timeBytes)
      randomBytes(chanceBytes).copy(body, timeBytes + makerBytes)
      return Buffer.concat([body, sign(body)]).toString('base64url')
    },
    look,
    spend(nonce, count) {
      const state = look(nonce)
      if (state !== 'fresh') return state
      const issued = Buffer.from(nonce, 'base64url').readUIntBE(0, timeBytes)
      return guard.accept({ nonce, issued, count }) ? 'fresh' : 'stale'
    },
  }
}
