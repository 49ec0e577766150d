import type { Alarm, Clock, Milliseconds } from '../base/clock.js'
import type { AudioSession } from '../media/media.js'

/** Calls `onSilent` once when no packet has come from the far end for `silentMs`; until cancelled. */
export function watchSilence(session: AudioSession, silentMs: Milliseconds, clock: Clock, onSilent: () => void): Alarm {
  const began = clock.now()
  let alarm = clock.after(silentMs, look)

  function look(): void {
    const quietFor = clock.now() - (session.heard.lastAt ?? began)
    if (quietFor >= silentMs) onSilent()
    else alarm = clock.after(silentMs - quietFor, look)
  }

  return { cancel: () => alarm.cancel() }
}
