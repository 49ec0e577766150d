import { keyOfEvent, parseKey } from '../media/key.js'
import type { Key } from '../media/media.js'

/** What an INFO request says: a key, nothing about keys, or something in a form that we do not take. */
export type InfoKey = { readonly kind: 'key'; readonly key: Key } | { readonly kind: 'nothing' } | { readonly kind: 'unknown form' }

/** The two forms that phones use; no standard describes either. */
export const infoForms = 'application/dtmf-relay, application/dtmf'

/**
 * `application/dtmf-relay` has lines such as `Signal=5` and `Duration=160`; `application/dtmf` has the bare key.
 * Both name `*`, `#` and the letters by character or, in some phones, by event code (RFC 4733 §3.2).
 */
export function keyOfInfo(contentType: string, body: string): InfoKey {
  const form = contentType.split(';')[0]?.trim().toLowerCase() ?? ''
  if (form === 'application/dtmf-relay') return keyNamed(/^[ \t]*signal[ \t]*=[ \t]*(\S{1,9})/im.exec(body)?.[1] ?? '')
  if (form === 'application/dtmf') return keyNamed(body.trim())
  return form === '' || body === '' ? { kind: 'nothing' } : { kind: 'unknown form' }
}

function keyNamed(name: string): InfoKey {
  const key = parseKey(name) ?? (/^1[0-5]$/.test(name) ? keyOfEvent(Number(name)) : null)
  return key === null ? { kind: 'nothing' } : { kind: 'key', key }
}
