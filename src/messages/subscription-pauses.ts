import type { Milliseconds } from '../base/clock.js'
import { maxDeltaSeconds, parseInteger } from '../sip/syntax/integer.js'
import type { SipReply } from '../srf/srf.js'

const firstMs: Milliseconds = 30_000
const longestMs: Milliseconds = 3_600_000
/** A subscription is never renewed more often. */
const shortestGrantMs: Milliseconds = 60_000
const soonMs: Milliseconds = 1_000

/** Pauses between attempts that fail: each is twice the last. */
export function createPauses(): { failed(atLeastMs: Milliseconds): Milliseconds; succeeded(): void } {
  let nextMs = firstMs
  return {
    failed(atLeastMs) {
      const pauseMs = Math.max(nextMs, Math.min(atLeastMs, longestMs))
      nextMs = Math.min(nextMs * 2, longestMs)
      return pauseMs
    },
    succeeded() {
      nextMs = firstMs
    },
  }
}

export function grantedMs({ header }: Pick<SipReply, 'header'>, wantedSeconds: number): Milliseconds {
  return Math.max((parseInteger(header('Expires'), maxDeltaSeconds) ?? wantedSeconds) * 1_000, shortestGrantMs)
}

export function retryAfterMs({ header }: Pick<SipReply, 'header'>): Milliseconds {
  return secondsIn(/^\s*([0-9]+)/.exec(header('Retry-After'))?.[1])
}

function secondsIn(text: string | undefined): Milliseconds {
  return (parseInteger(text ?? '', maxDeltaSeconds) ?? 0) * 1_000
}

/**
 * When to subscribe again after a NOTIFY; null if the subscription goes on (RFC 6665 §4.1.3). `deactivated` and `timeout`: at once. A server
 * that rejects us, or has no such mailbox, is asked again after an hour.
 */
export function afterEnd(state: string, pauses: Pick<ReturnType<typeof createPauses>, 'failed'>): Milliseconds | null {
  const [word = '', ...params] = state.toLowerCase().split(';')
  if (word.trim() !== 'terminated') return null
  const pairs = new Map(params.map((each) => each.split('=', 2).map((part) => part.trim()) as [string, string | undefined]))
  const value = (name: string): string | undefined => pairs.get(name)
  const reason = value('reason')
  if (reason === 'deactivated' || reason === 'timeout') return soonMs
  if (reason === 'rejected' || reason === 'noresource' || reason === 'invariant') return longestMs
  return pauses.failed(secondsIn(value('retry-after')))
}
