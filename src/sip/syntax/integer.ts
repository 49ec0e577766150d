import { isDigit } from './characters.js'

/** A decimal number from 0 to `max`; null for anything else. Leading zeros are allowed (RFC 4475 §3.1.1.1). */
export function parseInteger(text: string, max: number): number | null {
  if (text.length === 0) return null
  let value = 0
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at)
    if (!isDigit(code)) return null
    value = value * 10 + (code - 0x30)
    if (value > max) return null
  }
  return value
}

/** The largest delta-seconds (RFC 3261 §20.19). */
export const maxDeltaSeconds = 0xffff_ffff
