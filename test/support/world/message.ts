/** A SIP message as a phone reads it. Text is one character a byte. Nothing here uses the parser under test. */
export interface WireMessage {
  readonly text: string
  readonly startLine: string
  readonly isRequest: boolean
  /** Of a request; of a response the method it answers. */
  readonly method: string
  /** 0 for a request. */
  readonly status: number
  /** The first value, unfolded; `''` without. */
  header(name: string): string
  /** One entry a field, unfolded. */
  all(name: string): readonly string[]
  readonly body: string
  /** What cases call it: `INVITE`, `re-INVITE`, `180`, `200 BYE`. */
  readonly name: string
}

const compactForms: Readonly<Record<string, string>> = {
  a: 'accept-contact',
  b: 'referred-by',
  c: 'content-type',
  d: 'request-disposition',
  e: 'content-encoding',
  f: 'from',
  i: 'call-id',
  j: 'reject-contact',
  k: 'supported',
  l: 'content-length',
  m: 'contact',
  o: 'event',
  r: 'refer-to',
  s: 'subject',
  t: 'to',
  u: 'allow-events',
  v: 'via',
  x: 'session-expires',
}

export function longName(name: string): string {
  const lower = name.trim().toLowerCase()
  return compactForms[lower] ?? lower
}

export function readMessage(text: string): WireMessage {
  const end = text.indexOf('\r\n\r\n')
  const head = end < 0 ? text : text.slice(0, end)
  const [startLine = '', ...lines] = head.replace(/\r\n[ \t]+/g, ' ').split('\r\n')
  const fields = lines.map((line) => [longName(line.split(':', 1)[0] ?? ''), line.slice(line.indexOf(':') + 1).trim()] as const)
  const all = (name: string): readonly string[] => fields.flatMap(([key, value]) => (key === longName(name) ? [value] : []))
  const header = (name: string): string => all(name)[0] ?? ''
  const isRequest = !startLine.startsWith('SIP/')
  const method = isRequest ? (startLine.split(' ', 1)[0] ?? '') : (header('CSeq').split(' ')[1] ?? '')
  const status = isRequest ? 0 : Number(startLine.split(' ')[1])
  return { text, startLine, isRequest, method, status, header, all, body: end < 0 ? '' : text.slice(end + 4), name: nameOf() }

  function nameOf(): string {
    if (isRequest) return method === 'INVITE' && header('To').includes(';tag=') ? 're-INVITE' : method
    return method === 'INVITE' ? String(status) : `${status} ${method}`
  }
}

export type Fields = readonly (readonly [name: string, value: string])[]

/** Content-Length is added, and Content-Type for a body. */
export function writeMessage(startLine: string, fields: Fields, body = ''): string {
  const typed = body === '' || fields.some(([name]) => longName(name) === 'content-type')
  const all = [
    ...fields,
    ...(typed ? [] : ([['Content-Type', 'application/sdp']] as const)),
    ['Content-Length', String(body.length)] as const,
  ]
  return `${startLine}\r\n${all.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n${body}`
}

/** What a request sent on by the node must keep to, whatever it was made from; words for the first breach. */
export function breachOf({ text, isRequest }: WireMessage): string | null {
  if (!isRequest) return null
  const [, ...lines] = (text.split('\r\n\r\n', 1)[0] ?? '').split('\r\n')
  const bad = lines.find((line) => !/^[A-Za-z0-9.!%*_+`'~-]+: ?[^\r\n]*$/.test(line))
  if (bad !== undefined) return `a folded or malformed line: ${bad}`
  const once = ['from', 'to', 'call-id', 'cseq', 'max-forwards', 'content-length', 'content-type']
  const keys = lines.map((line) => longName(line.split(':', 1)[0] ?? ''))
  const wrong = once.find((key) => keys.filter((each) => each === key).length > 1)
  return wrong === undefined ? null : `more than one ${wrong}`
}

export function namedValues(message: WireMessage, ...names: readonly string[]): Fields {
  return names.flatMap((name) => message.all(name).map((value) => [name, value] as const))
}
