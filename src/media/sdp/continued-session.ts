/**
 * The descriptions that one far end gets from another author than before, because the call was transferred or picked up. For the far end it is
 * still the same session.
 */
export interface ContinuedSession {
  /** An offer as the far end may get it. */
  offer(description: string): string
  /** The answer to an offer of the far end, as it may get it. */
  answer(description: string, offer: string): string
}

/**
 * RFC 3264 §8: the o= line stays the same except for the version, which is incremented by one if the description has changed, and no m= line
 * disappears. `latest` is the description that the far end has got before.
 */
export function continueSession(latest: string): ContinuedSession {
  let sent = latest

  function next(description: string): string {
    const origin = originOf(sent)
    if (!origin || !originOf(description)) {
      if (sent === '') sent = description
      return description
    }
    if (withOrigin(description, origin) !== sent) sent = withOrigin(description, { ...origin, version: origin.version + 1n })
    return sent
  }

  return {
    offer: (description) => next(padded(description, mediaOf(sent))),
    answer: (description, offer) => next(withLinesOf(description, offer)),
  }
}

/** An answer with as many m= lines as the offer (RFC 3264 §6): lines that the offer lacks are removed, missing ones refused. */
export function withLinesOf(answer: string, offer: string): string {
  if (!answer.startsWith('v=')) return answer
  const lines = mediaOf(offer)
  const surplus = mediaOf(answer).slice(lines.length)
  return surplus.length > 0 ? answer.slice(0, -surplus.join('').length) : padded(answer, lines)
}

interface SessionOrigin {
  /** User name and session id. */
  readonly session: string
  /** Often an NTP timestamp, and up to 64 bits (RFC 8866 §5.2). */
  readonly version: bigint
  readonly address: string
}

const originLine = /^o=([^ \r\n]+ [^ \r\n]+) ([0-9]{1,20}) ([^\r\n]+)/m

function originOf(description: string): SessionOrigin | null {
  const [, session, version, address] = originLine.exec(description) ?? []
  return session === undefined || version === undefined || address === undefined ? null : { session, version: BigInt(version), address }
}

function withOrigin(description: string, { session, version, address }: SessionOrigin): string {
  return description.replace(originLine, () => `o=${session} ${version} ${address}`)
}

/** From each m= line to the next. */
function mediaOf(description: string): readonly string[] {
  return description.split(/^(?=m=)/m).filter((part) => part.startsWith('m='))
}

/** With a refusal for each of `lines` that the description lacks. */
function padded(description: string, lines: readonly string[]): string {
  const own = mediaOf(description)
  const missing = lines.slice(own.length)
  if (missing.length === 0 || own.length === 0) return description
  const whole = description.endsWith('\n') ? description : `${description}\r\n`
  return `${whole}${missing.map((line) => `${refusal(line)}\r\n${connectionFor(description)}`).join('')}`
}

function refusal(media: string): string {
  return /^[^\r\n]*/.exec(media)?.[0].replace(/^(m=[^ ]+) [^ ]+/, '$1 0') ?? ''
}

/** RFC 8866 §5.7: without a c= line of the session, every m= line needs its own. */
function connectionFor(description: string): string {
  const [session = ''] = description.split(/^(?=m=)/m)
  const [line = ''] = /^c=[^\r\n]*/m.exec(description) ?? []
  return line === '' || /^c=/m.test(session) ? '' : `${line}\r\n`
}
