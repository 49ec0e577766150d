import { isToken } from '../../sip/syntax/characters.js'
import type { IncomingRequest } from '../../srf/srf.js'

/** The options that a request requires and that are not supported (RFC 3261 §8.2.2.3). Text that is not an option tag is ignored. */
export function unsupportedOptions({ header }: Pick<IncomingRequest, 'header'>, supported: readonly string[]): readonly string[] {
  return header('Require')
    .split(',')
    .map((tag) => tag.split(';', 1)[0]?.trim() ?? '')
    .filter((tag) => isToken(tag) && !supported.includes(tag.toLowerCase()))
}
