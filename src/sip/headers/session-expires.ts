import { maxDeltaSeconds, parseInteger } from '../syntax/integer.js'

/** The shortest session interval that RFC 4028 §5 allows, in seconds. */
export const shortestInterval = 90

/** The value of a Session-Expires header (RFC 4028 §4). */
export interface SessionExpires {
  readonly seconds: number
  readonly refresher: 'uac' | 'uas' | null
}

/** `1800;refresher=uac`; null for anything else. */
export function parseSessionExpires(text: string | undefined): SessionExpires | null {
  const [delta = '', ...params] = (text ?? '').split(';').map((part) => part.trim())
  const seconds = parseInteger(delta, maxDeltaSeconds)
  if (seconds === null) return null
  const refresher = params.map((param) => /^refresher\s*=\s*(uac|uas)$/i.exec(param)?.[1]?.toLowerCase()).find((role) => role !== undefined)
  return { seconds, refresher: refresher === 'uac' || refresher === 'uas' ? refresher : null }
}

/** The value of a Min-SE header (RFC 4028 §5), in seconds: `1800` or `1800;parameter`; null for anything else. */
export function parseMinSe(text: string | undefined): number | null {
  return parseInteger((text ?? '').split(';', 1)[0]?.trim() ?? '', maxDeltaSeconds)
}
