import { createHmac } from 'node:crypto'
import type { Milliseconds } from '../base/clock.js'
import type { Secret } from '../base/secret.js'
import type { StreamEntry } from '../store/store.js'

/** One post, in the form of Standard Webhooks (https://www.standardwebhooks.com). */
export interface Message {
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

export interface MessageNeeds {
  readonly network: string
  readonly secret: Secret
  readonly now: Milliseconds
}

/** The id is the same at each attempt, so that a receiver recognizes a repetition. The signature covers id, time and body. */
export function messageOf(entry: StreamEntry, { network, secret, now }: MessageNeeds): Message {
  const { event, ...fields } = Object.fromEntries(entry.fields)
  const timestamp = new Date(Number(entry.id.split('-')[0])).toISOString()
  const body = JSON.stringify({ type: event, timestamp, data: { id: entry.id, network, ...fields } })
  const id = `${network}_${entry.id}`
  const sentAt = String(Math.floor(now / 1_000))
  const signature = createHmac('sha256', keyOf(secret)).update(`${id}.${sentAt}.${body}`).digest('base64')
  return {
    headers: {
      'content-type': 'application/json',
      'user-agent': 'hotdesk',
      'webhook-id': id,
      'webhook-timestamp': sentAt,
      'webhook-signature': `v1,${signature}`,
    },
    body,
  }
}

const encodedPrefix = 'whsec_'

/** `whsec_` is followed by the key in Base64, as libraries of Standard Webhooks expect it; any other text is the key itself. */
function keyOf(secret: Secret): Buffer {
  const text = secret.reveal()
  return text.startsWith(encodedPrefix) ? Buffer.from(text.slice(encodedPrefix.length), 'base64') : Buffer.from(text)
}
