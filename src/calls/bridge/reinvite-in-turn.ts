import { randomInt } from 'node:crypto'
import { type Clock, type Milliseconds, pause } from '../../base/clock.js'
import type { ReinviteReply, SipDialog, SipHeaders, SipReply } from '../../srf/srf.js'

interface Reinvite {
  /** Null: without an offer. */
  readonly sdp: string | null
  readonly headers: SipHeaders
  /** False: the re-INVITE is not sent again. */
  readonly isWanted?: () => boolean
}

const maxRetries = 3
/** Longest Retry-After that is obeyed, because two people are in the call. */
const maxWaitMs: Milliseconds = 10_000

/** Joins the far end to another party by re-INVITE, which is sent again if the far end had one under way. */
export async function reinviteInTurn(
  dialog: SipDialog,
  { sdp, headers, isWanted = always }: Reinvite,
  clock: Clock,
): Promise<ReinviteReply> {
  dialog.continueSession()
  for (let left = maxRetries; ; left -= 1) {
    const reply = await dialog.reinvite(sdp, headers)
    const waitMs = left > 0 && !dialog.ended ? waitAfter(reply, dialog) : null
    if (waitMs === null) return reply
    await pause(clock, waitMs)
    if (!isWanted()) return reply
  }
}

const always = (): boolean => true

/** Null if the response is final. */
function waitAfter({ status, header, madeHere }: SipReply, { createdBy }: Pick<SipDialog, 'createdBy'>): Milliseconds | null {
  // RFC 3261 §14.1: the owner of the Call-ID waits longer, so that the two sides do not meet again.
  if (status === 491) return createdBy === 'us' ? 10 * randomInt(210, 401) : 10 * randomInt(0, 201)
  // RFC 3261 §14.2: the far end's own INVITE has no final response yet.
  const after = Number.parseInt(header('Retry-After'), 10) * 1_000
  return status === 500 && madeHere === undefined && after >= 0 && after <= maxWaitMs ? after : null
}
