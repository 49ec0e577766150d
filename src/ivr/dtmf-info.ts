import { type keyBodies, keyOfEvent, parseKey } from '../media/key.js'
import type { Key } from '../media/media.js'

/** What an INFO request says: a key, nothing about keys, or something in a form that we do not take. */
type InfoKey = { readonly kind: 'key'; readonly key: Key } | { readonly kind: 'nothing' } | { readonly kind: 'unknown form' }

type Form = (typeof keyBodies)[number]

/** Reads the INFO requests of one call: those of one press count once. */
export interface InfoKeys {
  read(contentType: string, body: string): InfoKey
}

const nothing: InfoKey = { kind: 'nothing' }

/**
 * | body                                    | key                                                                            |
 * | --------------------------------------- | ------------------------------------------------------------------------------ |
 * | `application/dtmf-relay`                | `Signal=5`, other lines beside it; some phones send the bare key               |
 * | `application/dtmf`                      | the bare key; some phones send `Signal=5`                                      |
 * | `audio/telephone-event`                 | RFC 4733 §2.3 in four bytes, at the start and at the end of a press; or as text |
 * | `application/vnd.nortelnetworks.digits` | `d=5`                                                                          |
 * | `application/hook-flash`                | none                                                                           |
 *
 * All name `*`, `#` and the letters by character or, in some phones, by event code (RFC 4733 §3.2).
 */
export function createInfoKeys(): InfoKeys {
  const readEvent = createEventReader()
  const readers: Readonly<Record<Form, (body: string) => InfoKey>> = {
    'application/dtmf-relay': (body) => keyNamed(valueAfter(/^[ \t]*signal[ \t]*[=:]/im, body) ?? firstWord(body)),
    'application/dtmf': (body) => keyNamed(valueAfter(/^[ \t]*signal[ \t]*[=:]/im, body) ?? firstWord(body)),
    'audio/telephone-event': (body) =>
      readEvent(body) ?? keyNamed(valueAfter(/^[ \t]*(?:event|signal|d)(?:[ \t]*[=:]|[ \t])/im, body) ?? firstWord(body)),
    'application/vnd.nortelnetworks.digits': (body) => keyNamed(valueAfter(/^[ \t]*d[ \t]*=/im, body) ?? ''),
    'application/hook-flash': () => nothing,
  }

  return {
    read(contentType, body) {
      const form = contentType.split(';')[0]?.trim().toLowerCase() ?? ''
      if (isForm(form)) return readers[form](body)
      return form === '' || body === '' ? nothing : { kind: 'unknown form' }
    },
  }

  function isForm(form: string): form is Form {
    return Object.hasOwn(readers, form)
  }
}

/** What stands behind a name: up to a blank, a quote, a comma or a semicolon. */
function valueAfter(name: RegExp, body: string): string | null {
  const found = name.exec(body)
  if (!found) return null
  const [, value = ''] = /^[ \t]*"?([^\s",;]{0,9})/.exec(body.slice(found.index + found[0].length)) ?? []
  return value
}

function firstWord(body: string): string {
  return body.trim().split(/[\s,;]/, 1)[0] ?? ''
}

function keyNamed(name: string): InfoKey {
  const key = parseKey(name) ?? (/^1[0-5]$/.test(name) ? keyOfEvent(Number(name)) : null)
  return key === null ? nothing : { kind: 'key', key }
}

/** Four bytes. The SIP server passes a body on as UTF-8, so that a byte above 0x7f may have become U+FFFD. */
const eventBytes = 4
const unreadable = 0x80

/** Events of one press: its first one, then ends and durations that grow. */
function createEventReader(): (body: string) => InfoKey | null {
  let running: { readonly key: Key; readonly duration: number } | null = null
  return (body) => {
    const [event = 255, flags = 0, high = 0, low = 0] = Array.from(body, (_, index) => Math.min(body.charCodeAt(index), unreadable))
    const key = keyOfEvent(event)
    if (body.length !== eventBytes || key === null || parseKey(body.trim()) !== null) return null
    const [isEnd, duration] = [flags >= unreadable, high * 256 + low]
    const goesOn = running?.key === key && (isEnd || duration > running.duration)
    running = isEnd ? null : { key, duration }
    return goesOn ? nothing : { kind: 'key', key }
  }
}
