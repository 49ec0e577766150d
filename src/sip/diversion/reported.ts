import type { HeaderReader } from '../identity/caller.js'
import { dialled } from '../uri/dialled.js'
import { type Diversion, forwardsIn } from './diversion.js'
import { diversionHeader } from './diversion-header.js'
import { historyIn } from './history-info.js'

/**
 * The forwards that a call has passed, oldest first, from Diversion (RFC 5806) and History-Info (RFC 7044). If a call carries both, the one that
 * reports more forwards counts: RFC 7544 §3.4 combines them, but most carriers report the same forwards in both. Malformed values are ignored.
 * `numberIn`: reads the number of a URI.
 */
export function diversionsIn(header: HeaderReader, numberIn = dialled): readonly Diversion[] {
  const [diversions, history] = [diversionHeader(header, numberIn), historyIn(header, numberIn)]
  return forwardsIn(history) > forwardsIn(diversions) ? history : diversions
}
