import { eventBytes, parseTelephoneEvent } from '../media/dtmf/telephone-event.js'
import { type keyBodies, keyOfEvent, parseKey } from '../media/key.js'
import type { Key } from '../media/media.js'
import { firstPart } from '../sip/message/multipart.js'

/** The content of an INFO request: a key, nothing about keys, or a type that we do not support. */
type InfoKey = { readonly kind: 'key'; readonly key: Key } | { readonly kind: 'nothing' } | { readonly kind: 'unknown form' }

type Form = (typeof keyBodies)[number]

/** Reads the INFO requests of one call. Several requests for one press count once. */
export interface InfoKeys {
  read(contentType: string, body: string): InfoKey
}

const nothing: InfoKey = { kind: 'nothing' }

/**
 * | body                                    | key                                                                            |
 * | --------------------------------------- | ------------------------------------------------------------------------------ |
 * | `application/dtmf-relay`                | `Signal=5` among other lines; some phones send the bare key                    |
 * | `application/dtmf`                      | the bare key; some phones send `Signal=5`                                      |
 * | `audio/telephone-event`                 | the four bytes of RFC 4733 §2.3, at the start and end of a press; or as text   |
 * | `application/vnd.nortelnetworks.digits` | `d=5`                                                                          |
 * | `application/hook-flash`                | none                                                                           |
 *
 * `*`, `#` and the letters are characters or, from some phones, event codes (RFC 4733 §3.2) or names (`star`, `pound`). Any of these may be a part of
 * a multipart body (RFC 5621 §3.1).
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
      const part = firstPart({ type: contentType, body }, isForm)
      if (part && isForm(part.type)) return readers[part.type](part.content)
      if (isForm(form)) return readers[form](body)
      return form === '' || body === '' ? nothing : { kind: 'unknown form' }
    },
  }

  function isForm(form: string): form is Form {
    return Object.hasOwn(readers, form)
  }
}

/** The text after a name, up to a space, a quote, a comma or a semicolon. */
function valueAfter(name: RegExp, body: string): string | null {
  const found = name.exec(body)
  if (!found) return null
  const [, value = ''] = /^[ \t]*"?([^\s",;]{0,9})/.exec(body.slice(found.index + found[0].length)) ?? []
  return value
}

function firstWord(body: string): string {
  return body.trim().split(/[\s,;]/, 1)[0] ?? ''
}

/** What some phones write for the two keys that are neither digits nor letters. */
const names: ReadonlyMap<string, Key> = new Map([
  ['star', '*'],
  ['asterisk', '*'],
  ['pound', '#'],
  ['hash', '#'],
])

function keyNamed(name: string): InfoKey {
  const key = parseKey(name) ?? names.get(name.toLowerCase()) ?? (/^1[0-5]$/.test(name) ? keyOfEvent(Number(name)) : null)
  return key === null ? nothing : { kind: 'key', key }
}

/** The SIP server passes the body on as UTF-8, so a byte above 0x7f may have become U+FFFD. */
const unreadable = 0x80

/** An event continues the previous press if it ends it or if its duration has grown. */
function createEventReader(): (body: string) => InfoKey | null {
  let running: { readonly key: Key; readonly duration: number } | null = null
  return (body) => {
    const event = parseTelephoneEvent(Uint8Array.from(body, (_, index) => Math.min(body.charCodeAt(index), unreadable)))
    const key = event && keyOfEvent(event.event)
    if (body.length !== eventBytes || !event || key === null || parseKey(body.trim()) !== null) return null
    const continues = running?.key === key && (event.end || event.duration > running.duration)
    running = event.end ? null : { key, duration: event.duration }
    return continues ? nothing : { kind: 'key', key }
  }
}
