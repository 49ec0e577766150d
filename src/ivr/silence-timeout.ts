import type { Alarm, Clock, Milliseconds } from '../base/clock.js'
import type { AudioSession } from '../media/media.js'

/** Calls `onSilent` once, when no packet has arrived from the far end for `silentMs`. */
export function watchSilence(session: AudioSession, silentMs: Milliseconds, clock: Clock, onSilent: () => void): Alarm {
  const began = clock.now()
  let alarm = clock.after(silentMs, check)

  function check(): void {
    const silence = clock.now() - (session.heard.lastAt ?? began)
    if (silence >= silentMs) onSilent()
    else alarm = clock.after(silentMs - silence, check)
  }

  return { cancel: () => alarm.cancel() }
}
