import { newBranch, newCallId, newTag } from '../../../src/sip/ids.js'

/** Numbers that look random and are the same in each run. */
export function numbersFrom(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    // Numerical Recipes' linear congruence.
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state % below
  }
}

/** Bytes of every value. */
export function noise(below: (limit: number) => number, length: number): Buffer {
  return Buffer.from(Array.from({ length }, () => below(256)))
}

/** The message with some of its bytes changed, left out or repeated. */
export function damaged(message: string, below: (limit: number) => number): Buffer {
  const bytes = [...Buffer.from(message, 'latin1')]
  for (let times = 1 + below(8); times > 0; times--) {
    const at = below(bytes.length)
    const kind = below(3)
    if (kind === 0) bytes[at] = below(256)
    else if (kind === 1) bytes.splice(at, 1 + below(20))
    else bytes.splice(at, 0, ...bytes.slice(at, at + below(60)))
  }
  return Buffer.from(bytes)
}

/** The message with this port in its topmost Via, in place of the port there or the default, so that its sender need not own port 5060. */
export function viaPort(message: Buffer, port: number): Buffer {
  const text = message.toString('latin1')
  return Buffer.from(text.replace(/^((?:via|v)[ \t]*:\s*sip\s*\/\s*[\d.]+\s*\/\s*\w+\s+[^\s;:,]+)(?::\d+)?/im, `$1:${port}`), 'latin1')
}

export interface HostileRequest {
  readonly method?: string
  readonly uri?: string
  readonly from?: string
  readonly contact?: string
  readonly contentLength?: string
  /** Whole lines. */
  readonly more?: readonly string[]
  readonly body?: string
  readonly transport?: 'UDP' | 'TCP'
}

/** A request that is well formed but for what the test puts into it. */
export function hostileRequest(parts: HostileRequest = {}): string {
  const { method = 'OPTIONS', uri = 'sip:hotdesk.test', body = '', more = [], transport = 'UDP' } = parts
  return [
    `${method} ${uri} SIP/2.0`,
    `Via: SIP/2.0/${transport} 127.0.0.1;branch=${newBranch()};rport`,
    'Max-Forwards: 70',
    `From: ${parts.from ?? `<sip:somebody@hotdesk.test>;tag=${newTag()}`}`,
    'To: <sip:somebody@hotdesk.test>',
    `Call-ID: ${newCallId()}`,
    `CSeq: 1 ${method}`,
    `Contact: ${parts.contact ?? '<sip:somebody@127.0.0.1>'}`,
    ...more,
    `Content-Length: ${parts.contentLength ?? String(Buffer.byteLength(body, 'latin1'))}`,
    '',
    body,
  ].join('\r\n')
}
