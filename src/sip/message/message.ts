import type { CSeq } from '../headers/cseq.js'
import type { NameAddr } from '../headers/name-addr.js'
import type { Via } from '../headers/via.js'

/**
 * A SIP message as a value that can be edited. Text is latin1 (one character, one byte), so that offsets and lengths are
 * exact and UTF-8 passes untouched; text with characters beyond that is written as UTF-8. Names are compared without case,
 * compact forms count as the long ones. The typed getters parse on first use and remember; `@throws AppError SIP_MALFORMED`
 * where the header is missing or not of its form. Editing throws it for a line break in a value.
 */
export interface SipMessageBase {
  /** The first field's value, unfolded and trimmed. */
  first(name: string): string | undefined
  /** One entry a field, in order. */
  all(name: string): readonly string[]
  /** One entry a value: comma lists are split outside quotes and angle brackets. */
  list(name: string): readonly string[]
  has(name: string): boolean
  /** Replaces all fields of the name by one, at the place of the first; at the end where there was none. */
  set(name: string, value: string): void
  append(name: string, value: string): void
  /** Before the first field of that name, or at the top. */
  prepend(name: string, value: string): void
  remove(name: string): void
  /** Takes off the first value of a list header (one value, even if its field holds more). */
  removeFirst(name: string): void
  /** Puts another value in the place of the first value of a list header; the values behind it stay. */
  replaceFirst(name: string, value: string): void
  /** Field names as they stand, in order. */
  names(): readonly string[]
  body: Buffer
  readonly topVia: Via
  readonly vias: readonly Via[]
  readonly from: NameAddr
  readonly to: NameAddr
  readonly callId: string
  readonly cseq: CSeq
  /** Empty for `Contact: *` (RFC 3261 §10.2.2), which `first('Contact')` shows. */
  readonly contacts: readonly NameAddr[]
  /** The bytes for the wire: Content-Length is set from the body. */
  toBuffer(): Buffer
}

export interface SipRequest extends SipMessageBase {
  readonly kind: 'request'
  method: string
  uri: string
  /** A copy that is edited by itself. */
  clone(): SipRequest
}

export interface SipResponse extends SipMessageBase {
  readonly kind: 'response'
  status: number
  reason: string
  clone(): SipResponse
}

export type SipMessage = SipRequest | SipResponse
