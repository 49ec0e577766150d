import { createHmac } from 'node:crypto'
import type { Secret } from '../../base/secret.js'

/** What a Contact stands for: one registration of one node. */
export interface ContactOwner {
  readonly network: string
  readonly node: string
  readonly trunk: string
  readonly aor: string
}

/**
 * The user part of our Contact at a trunk (RFC 3261 §10.2.1). Only the network's secret gives it, so a request to it comes over the trunk,
 * whatever its source. It is the same after a restart: the next REGISTER replaces the binding, and calls that arrive before it are recognized.
 */
export function contactUser(secret: Secret, { network, node, trunk, aor }: ContactOwner): string {
  const key = createHmac('sha256', secret.reveal()).update(JSON.stringify(['trunk contact', network, node, trunk, aor]))
  return `trunk-${key.digest('hex').slice(0, 32)}`
}
