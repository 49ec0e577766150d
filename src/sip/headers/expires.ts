import { maxDeltaSeconds, parseInteger } from '../syntax/integer.js'
import { unquote } from '../syntax/quoted-string.js'

/**
 * Seconds of an Expires header (RFC 3261 §20.19) or of the `expires` parameter of a Contact (§20.10), which some implementations put in quotes;
 * null for anything else.
 */
export function parseExpires(text: string | null | undefined): number | null {
  return parseInteger(unquote((text ?? '').trim()).trim(), maxDeltaSeconds)
}
