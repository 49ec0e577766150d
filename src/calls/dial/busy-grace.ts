import type { Alarm, Clock, Milliseconds } from '../../base/clock.js'
import type { SipReply } from '../../srf/srf.js'

/**
 * Ends a forked call when one contact has refused it and the others stay silent. A phone that has restarted leaves dead contacts behind, and
 * the caller must not wait for them. A contact that rings is another phone and keeps ringing.
 */
export interface BusyGrace<Contact> {
  /** A provisional response. */
  responded(contact: Contact, response: SipReply): void
  /** A final refusal while other contacts are pending. */
  refused(contact: Contact, response: SipReply): void
  /** The contact is no longer called. */
  removed(contact: Contact): void
  close(): void
}

export interface BusyGraceNeeds {
  readonly clock: Clock
  /** How long after a refusal the others may still begin to ring. */
  readonly graceMs: Milliseconds
  /** Whether 100 responses are reported. */
  readonly reportsTrying: boolean
  readonly onOnlySilentLeft: () => void
}

/** What a refusal by one contact shows about the user. */
type Verdict = 'nothing' | 'refused' | 'busy'

export function createBusyGrace<Contact>({ clock, graceMs, reportsTrying, onOnlySilentLeft }: BusyGraceNeeds): BusyGrace<Contact> {
  const responding = new Set<Contact>()
  const ringing = new Set<Contact>()
  let verdict: Verdict = 'nothing'
  let timer: Alarm | null = null
  let isOver = false

  function removed(contact: Contact): void {
    responding.delete(contact)
    ringing.delete(contact)
    check()
  }

  function check(): void {
    if (!isOver) return
    // A proxy sends 100 for a dead contact too, so beside a busy phone only ringing counts.
    const alive = verdict === 'busy' ? ringing : responding
    if (alive.size === 0) onOnlySilentLeft()
  }

  function expire(): void {
    isOver = true
    check()
  }

  return {
    responded(contact, { status }) {
      responding.add(contact)
      if (status > 100) ringing.add(contact)
    },
    refused(contact, response) {
      const next = verdictOn(response)
      // If 100 is not reported, a living contact looks dead until it rings.
      if (next === 'busy' || (next === 'refused' && verdict === 'nothing' && reportsTrying)) verdict = next
      if (verdict !== 'nothing') timer ??= clock.after(graceMs, expire)
      removed(contact)
    },
    removed,
    close: () => timer?.cancel(),
  }
}

/** The phone is gone, or a proxy cannot reach it. */
const absent: ReadonlySet<number> = new Set([401, 404, 407, 408, 410, 430, 477, 478, 481])
const redirections: ReadonlySet<number> = new Set([300, 301, 302])

function verdictOn({ status, madeHere }: SipReply): Verdict {
  if (madeHere || status >= 500 || absent.has(status)) return 'nothing'
  return status === 486 || redirections.has(status) ? 'busy' : 'refused'
}
