import { hkdfSync, randomBytes } from 'node:crypto'
import type { Clock, Milliseconds } from '../../base/clock.js'
import { Secret } from '../../base/secret.js'
import { createNonceForm, type NonceFormNeeds } from '../../sip/auth/nonce.js'
import { createReplayGuard } from './replay-guard.js'

/** `foreign`: not made by this network. `stale`: ours, but too old, made by another process, or this count was used before. */
type NonceState = 'fresh' | 'stale' | 'foreign'

/**
 * Nonces nobody has to remember (RFC 7616 §3.3): time, maker and chance, signed with the network's secret. Only nonces that
 * were used with a right password take memory, for their count. Another node's nonce is genuine but stale: that node alone
 * knows which counts were used, so accepting it here would let a recorded request be played again.
 */
export interface Nonces {
  /** For a request from that address. */
  issue(address: string): string
  /** Without using the count up. */
  look(nonce: string): NonceState
  /** Whether it was issued for a request from that address: such a request has a real source, which a forged datagram has not. */
  isFor(nonce: string, address: string): boolean
  /** Uses the count up; `count` 1 where the phone sends none. Only for credentials that were right. */
  spend(nonce: string, count: number): NonceState
  /** By which another part of this process makes and recognizes nonces of this maker. */
  readonly form: NonceFormNeeds
}

export interface NonceNeeds {
  readonly secret: Secret
  readonly clock: Clock
  readonly lifetimeMs: Milliseconds
  /** Nonces in use at the same time of which counts are kept. */
  readonly capacity: number
}

const makerBytes = 6

export function createNonces({ secret, clock, lifetimeMs, capacity }: NonceNeeds): Nonces {
  const key = Buffer.from(hkdfSync('sha256', secret.reveal(), 'hotdesk', 'digest nonces', 32)).toString('hex')
  const parts = { key: new Secret(key), maker: randomBytes(makerBytes).toString('hex') }
  const form = createNonceForm(parts)
  const guard = createReplayGuard({ clock, lifetimeMs, capacity })

  function look(nonce: string): NonceState {
    const signed = form.read(nonce)
    if (!signed) return 'foreign'
    return signed.isOwn && clock.now() - signed.issued <= lifetimeMs ? 'fresh' : 'stale'
  }

  return {
    form: parts,
    issue: (address) => form.print(clock.now(), address),
    look,
    isFor: (nonce, address) => form.read(nonce)?.isFor(address) ?? false,
    spend(nonce, count) {
      const state = look(nonce)
      if (state !== 'fresh') return state
      const issued = form.read(nonce)?.issued ?? 0
      return guard.accept({ nonce, issued, count }) ? 'fresh' : 'stale'
    },
  }
}
