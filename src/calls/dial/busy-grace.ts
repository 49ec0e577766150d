import type { Alarm, Clock, Milliseconds } from '../../base/clock.js'
import type { SipAnswer } from '../../srf/srf.js'

/**
 * Ends a call to several contacts when one of them has refused it and the others say nothing: a phone that has restarted leaves contacts
 * behind, and a caller must not wait for them. A contact that rings is another phone, and rings on.
 */
export interface Refusals<Contact> {
  /** A provisional response. */
  heard(contact: Contact, answer: SipAnswer): void
  /** A final one. Others still wait. */
  refused(contact: Contact, answer: SipAnswer): void
  /** Is asked no longer. */
  left(contact: Contact): void
  close(): void
}

export interface RefusalNeeds {
  readonly clock: Clock
  /** How long after a refusal the others may still begin to ring. */
  readonly graceMs: Milliseconds
  /** Whether a provisional response may be a 100. */
  readonly hearsTrying: boolean
  readonly onlySilentAreLeft: () => void
}

/** What the refusal by a contact says of the user. */
type Word = 'nothing' | 'refused' | 'busy'

export function createRefusals<Contact>({ clock, graceMs, hearsTrying, onlySilentAreLeft }: RefusalNeeds): Refusals<Contact> {
  const responding = new Set<Contact>()
  const ringing = new Set<Contact>()
  let word: Word = 'nothing'
  let grace: Alarm | null = null
  let isGraceOver = false

  function left(contact: Contact): void {
    responding.delete(contact)
    ringing.delete(contact)
    judge()
  }

  function judge(): void {
    if (!isGraceOver) return
    // A proxy in front of a contact says 100 for a dead one too: beside a busy phone only ringing counts.
    const living = word === 'busy' ? ringing : responding
    if (living.size === 0) onlySilentAreLeft()
  }

  function over(): void {
    isGraceOver = true
    judge()
  }

  return {
    heard(contact, { status }) {
      responding.add(contact)
      if (status > 100) ringing.add(contact)
    },
    refused(contact, answer) {
      const said = wordOf(answer)
      // Without a 100 a living contact cannot be told from a dead one until it rings.
      if (said === 'busy' || (said === 'refused' && word === 'nothing' && hearsTrying)) word = said
      if (word !== 'nothing') grace ??= clock.after(graceMs, over)
      left(contact)
    },
    left,
    close: () => grace?.cancel(),
  }
}

/** The phone is not there, or what stands before it does not reach it. */
const absent: ReadonlySet<number> = new Set([401, 404, 407, 408, 410, 430, 477, 478, 481])
const redirections: ReadonlySet<number> = new Set([300, 301, 302])

function wordOf({ status, madeHere }: SipAnswer): Word {
  if (madeHere || status >= 500 || absent.has(status)) return 'nothing'
  return status === 486 || redirections.has(status) ? 'busy' : 'refused'
}
