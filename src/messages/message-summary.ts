/** What a voicemail server reports about a mailbox. */
export interface MessageSummary {
  readonly isWaiting: boolean
  /** The address of the mailbox; `''` if the server does not name it. */
  readonly account: string
  /** Voice messages; null if the server gives no numbers. */
  readonly voice: MessageCounts | null
}

interface MessageCounts {
  readonly new: number
  readonly old: number
}

const maxLines = 50

/**
 * Reads a body `application/simple-message-summary` (RFC 3842 §5.2): fields in any order and case, any line ends, unknown fields, and numbers
 * without the urgent ones or without the old ones. Null if it says nothing about voice messages.
 */
export function parseMessageSummary(body: string): MessageSummary | null {
  const fields = fieldsIn(body)
  const voice = countsIn(fields.get('voice-message') ?? '')
  const stated = /^(yes|no)\b/i.exec(fields.get('messages-waiting') ?? '')?.[1]?.toLowerCase()
  if (stated === undefined && voice === null) return null
  return { isWaiting: stated === undefined ? (voice?.new ?? 0) > 0 : stated === 'yes', account: fields.get('message-account') ?? '', voice }
}

/** The first of several fields with one name counts. */
function fieldsIn(body: string): ReadonlyMap<string, string> {
  const fields = new Map<string, string>()
  for (const line of body.split(/\r\n|\r|\n/, maxLines)) {
    const colon = line.indexOf(':')
    const name = line.slice(0, Math.max(colon, 0)).trim().toLowerCase()
    if (name !== '' && !fields.has(name)) fields.set(name, line.slice(colon + 1).trim())
  }
  return fields
}

/** `2/8 (0/2)`: new, old, and of these the urgent ones, which are not kept. */
function countsIn(text: string): MessageCounts | null {
  const [, fresh, old = '0'] = /^([0-9]{1,6})(?:\s*\/\s*([0-9]{1,6}))?(?![0-9])/.exec(text) ?? []
  return fresh === undefined ? null : { new: Number(fresh), old: Number(old) }
}
