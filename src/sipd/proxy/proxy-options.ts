import type { Field } from '../core/draft.js'

/** How a request is forwarded. */
export interface ProxyOptions {
  /** The header by which later requests come this way too. */
  readonly recordRoute: 'none' | 'Record-Route' | 'Path'
  /** `follow`: a Contact of a 3xx becomes a target (RFC 3261 §16.5). `pass`: the 3xx goes to the caller. */
  readonly redirects: 'follow' | 'pass'
  readonly forking: 'simultaneous' | 'serial'
  /** Time for a provisional response, and for a final one; null: no limit of the application's. */
  readonly provisionalMs: number | null
  readonly finalMs: number | null
  /** Header fields that the application adds. */
  readonly fields: readonly Field[]
}
