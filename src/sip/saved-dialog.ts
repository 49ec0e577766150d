/** What continues a dialog of a subscription after a restart of the SIP server (RFC 3261 §12, RFC 6665 §4.2.1): its state at the notifier. */
export interface SavedDialog {
  readonly callId: string
  readonly localTag: string
  readonly remoteTag: string
  /** From and To of our requests, with tags. */
  readonly local: string
  readonly remote: string
  /** The CSeq numbers of the latest request of either side, or lower ones of theirs. */
  readonly localSeq: number
  readonly remoteSeq: number
  /** Route values, in order. */
  readonly routes: readonly string[]
  /** The URI of the far end's Contact. */
  readonly target: string
  /** Our Contact. */
  readonly contact: string
  /** The local `address:port` that received the first SUBSCRIBE. */
  readonly receivedOn: string
  /** When the subscription expires, in epoch milliseconds. */
  readonly until: number
}

const texts = ['callId', 'localTag', 'remoteTag', 'local', 'remote', 'target', 'contact', 'receivedOn'] as const
const numbers = ['localSeq', 'remoteSeq', 'until'] as const

/** Null for a text that is not a saved dialog. Members that it does not know are kept. */
export function readSavedDialog<More>(text: string): (SavedDialog & Partial<More>) | null {
  let read: unknown
  try {
    read = JSON.parse(text)
  } catch {
    return null
  }
  return isSavedDialog(read) ? (read as SavedDialog & Partial<More>) : null
}

function isSavedDialog(value: unknown): value is SavedDialog {
  if (typeof value !== 'object' || value === null) return false
  const members = value as Readonly<Record<string, unknown>>
  const { routes } = members
  return (
    texts.every((name) => typeof members[name] === 'string') &&
    numbers.every((name) => Number.isFinite(members[name])) &&
    Array.isArray(routes) &&
    routes.every((route) => typeof route === 'string')
  )
}
