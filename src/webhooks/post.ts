import type { Clock, Milliseconds } from '../base/clock.js'
import type { Secret } from '../base/secret.js'
import type { Message } from './message.js'

const answerWithinMs: Milliseconds = 10_000

export type Sent = { readonly outcome: 'delivered' } | { readonly outcome: 'failed'; readonly reason: string }

export interface PostNeeds {
  readonly clock: Clock
  /** Aborted when the node stops. */
  readonly stopping: AbortSignal
}

/** Posts one message. Any response but 2xx is a failure; a redirection is not followed, because it could lead anywhere. */
export async function post(url: Secret, { headers, body }: Message, { clock, stopping }: PostNeeds): Promise<Sent> {
  const late = new AbortController()
  const alarm = clock.after(answerWithinMs, () => late.abort())
  try {
    const signal = AbortSignal.any([late.signal, stopping])
    const response = await fetch(url.reveal(), { method: 'POST', redirect: 'manual', headers: { ...headers }, body, signal })
    await response.body?.cancel()
    return response.ok ? { outcome: 'delivered' } : { outcome: 'failed', reason: `HTTP ${response.status}` }
  } catch (fault) {
    return { outcome: 'failed', reason: late.signal.aborted ? `no response within ${answerWithinMs / 1_000} s` : causeOf(fault) }
  } finally {
    alarm.cancel()
  }
}

/** The code alone: the message may quote the URL. */
function causeOf(fault: unknown): string {
  const cause = fault instanceof Error ? fault.cause : null
  const code = cause instanceof Error && 'code' in cause ? cause.code : null
  return typeof code === 'string' ? code : 'the connection failed'
}
