/** One SIP message of a SIPp trace. */
export interface SippMessage {
  readonly direction: 'sent' | 'received'
  /** Epoch milliseconds. */
  readonly at: number
  /** `INVITE` or `180`. */
  readonly kind: string
  /** Method of its CSeq. */
  readonly method: string
  readonly text: string
  readonly body: string
  /** `''` where it is absent; the first one of several. */
  header(name: string): string
  /** Every value of it, one a line. */
  headers(name: string): readonly string[]
}

const divider = /^-{40,} (\d{4}-\d\d-\d\d)[ \t](\d\d:\d\d:\d\d\.\d+)\n.*?message (sent|received)[^\n]*\n\n/gm

export function readTrace(trace: string): readonly SippMessage[] {
  const heads = [...trace.matchAll(divider)]
  return heads.map((head, index) => {
    const text = trace.slice(head.index + head[0].length, heads[index + 1]?.index).trimEnd()
    return toMessage(text, Date.parse(`${head[1]}T${head[2]}`), head[3] === 'sent' ? 'sent' : 'received')
  })
}

function toMessage(text: string, at: number, direction: SippMessage['direction']): SippMessage {
  const [head = '', body = ''] = text.replaceAll('\r\n', '\n').split(/\n\n(.*)/s)
  const [first = '', ...lines] = head.split('\n')
  const headers = (name: string): readonly string[] =>
    lines.filter((line) => line.toLowerCase().startsWith(`${name.toLowerCase()}:`)).map((line) => line.slice(name.length + 1).trim())
  const header = (name: string): string => headers(name)[0] ?? ''
  const [word = '', status = ''] = first.split(' ')
  return {
    direction,
    at,
    kind: word === 'SIP/2.0' ? status : word,
    method: header('CSeq').split(' ')[1] ?? '',
    text,
    body,
    header,
    headers,
  }
}

/** Each message once: what was sent or received again word for word is left out. */
export function once(messages: readonly SippMessage[]): readonly SippMessage[] {
  const seen = new Set<string>()
  return messages.filter(({ direction, text }) => {
    const key = `${direction} ${text}`
    return !seen.has(key) && seen.add(key)
  })
}

/** `>INVITE <407 >ACK >INVITE <100 <180`: who did what, seen from SIPp, without retransmissions. */
export function story(messages: readonly SippMessage[]): string {
  return written(once(messages))
}

function written(messages: readonly SippMessage[]): string {
  return messages.map(({ direction, kind }) => `${direction === 'sent' ? '>' : '<'}${kind}`).join(' ')
}

/** The one message of that kind that was received, as often as it came; fails where there is none or another one. */
export function received(messages: readonly SippMessage[], kind: string, method = kind): SippMessage {
  const found = once(messages).filter((message) => message.direction === 'received' && message.kind === kind && message.method === method)
  const [only] = found
  if (!only || found.length > 1) throw new Error(`${found.length} × ${kind} instead of one in: ${written(messages)}`)
  return only
}
