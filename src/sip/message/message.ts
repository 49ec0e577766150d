import type { CSeq } from '../headers/cseq.js'
import type { NameAddr } from '../headers/name-addr.js'
import type { Via } from '../headers/via.js'

/**
 * An editable SIP message. Text is latin1 (one character for each byte), so that offsets and lengths are exact and UTF-8 passes unchanged;
 * text with other characters is written as UTF-8. Header names are compared case-insensitively, and a compact form equals the long one. The
 * typed getters parse on first use and cache the value; they throw AppError SIP_MALFORMED if the header is missing or malformed. Setters
 * throw it if a value contains a line break.
 */
export interface SipMessageBase {
  /** The first field's value, unfolded and trimmed. */
  first(name: string): string | undefined
  /** One entry for each field, in order. */
  all(name: string): readonly string[]
  /** One entry for each value: fields are split at commas outside quotes and angle brackets. */
  list(name: string): readonly string[]
  has(name: string): boolean
  /** Replaces all fields of that name with one, in the position of the first, or at the end. */
  set(name: string, value: string): void
  append(name: string, value: string): void
  /** Before the first field of that name, or at the top. */
  prepend(name: string, value: string): void
  remove(name: string): void
  /** Removes the first value of a list header: one value, even if its field has more. */
  removeFirst(name: string): void
  /** Replaces the first value of a list header and keeps the others. */
  replaceFirst(name: string, value: string): void
  /** Field names as received, in order. */
  names(): readonly string[]
  body: Buffer
  readonly topVia: Via
  readonly vias: readonly Via[]
  readonly from: NameAddr
  readonly to: NameAddr
  readonly callId: string
  readonly cseq: CSeq
  /** Empty for `Contact: *` (RFC 3261 §10.2.2), which only `first('Contact')` returns. */
  readonly contacts: readonly NameAddr[]
  /** The bytes to send. Content-Length is set from the body. */
  toBuffer(): Buffer
}

export interface SipRequest extends SipMessageBase {
  readonly kind: 'request'
  method: string
  uri: string
  /** An independent copy. */
  clone(): SipRequest
}

export interface SipResponse extends SipMessageBase {
  readonly kind: 'response'
  status: number
  reason: string
  clone(): SipResponse
}

export type SipMessage = SipRequest | SipResponse
