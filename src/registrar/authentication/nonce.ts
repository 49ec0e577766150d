import { hkdfSync, randomBytes } from 'node:crypto'
import type { Clock, Milliseconds } from '../../base/clock.js'
import { Secret } from '../../base/secret.js'
import { createNonceForm, type NonceFormNeeds } from '../../sip/auth/nonce.js'
import { createReplayGuard } from './replay-guard.js'

/** `foreign`: not made by this network. `stale`: ours, but too old, made by another process, or already used with this count. */
type NonceState = 'fresh' | 'stale' | 'foreign'

/**
 * Nonces without state (RFC 7616 §3.3): time, maker and random bits, signed with the network's secret. Memory holds only the counts of nonces
 * that were used with a right password. A nonce of another node is stale here, because only that node knows which counts were used: accepting
 * it would allow a replay.
 */
export interface Nonces {
  /** A new nonce for a request from this address. */
  issue(address: string): string
  /** Does not use the nonce. */
  stateOf(nonce: string): NonceState
  /** Whether the nonce was issued to this address. If so, the source of the request is not forged. */
  isFor(nonce: string, address: string): boolean
  /** Uses the nonce with this count, which is 1 if the phone sends none. Call this only for valid credentials. */
  use(nonce: string, count: number): NonceState
  /** What another part of this process needs to make and recognise nonces of this maker. */
  readonly form: NonceFormNeeds
}

export interface NonceNeeds {
  readonly secret: Secret
  readonly clock: Clock
  readonly lifetimeMs: Milliseconds
  /** Nonces whose counts are kept in memory. */
  readonly capacity: number
}

const makerBytes = 6

export function createNonces({ secret, clock, lifetimeMs, capacity }: NonceNeeds): Nonces {
  const key = Buffer.from(hkdfSync('sha256', secret.reveal(), 'hotdesk', 'digest nonces', 32)).toString('hex')
  const parts = { key: new Secret(key), issuer: randomBytes(makerBytes).toString('hex') }
  const form = createNonceForm(parts)
  const guard = createReplayGuard({ clock, lifetimeMs, capacity })

  function stateOf(nonce: string): NonceState {
    const signed = form.read(nonce)
    if (!signed) return 'foreign'
    return signed.isOwn && clock.now() - signed.issued <= lifetimeMs ? 'fresh' : 'stale'
  }

  return {
    form: parts,
    issue: (address) => form.print(clock.now(), address),
    stateOf,
    isFor: (nonce, address) => form.read(nonce)?.isFor(address) ?? false,
    use(nonce, count) {
      const state = stateOf(nonce)
      if (state !== 'fresh') return state
      const issued = form.read(nonce)?.issued ?? 0
      return guard.accept({ nonce, issued, count }) ? 'fresh' : 'stale'
    },
  }
}
