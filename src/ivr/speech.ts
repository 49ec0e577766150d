import type { Alarm, Clock, Milliseconds } from '../base/clock.js'
import type { Playback } from '../media/media.js'

/** Collects prompts and plays them together. */
export interface Speech<Item> {
  say(...items: readonly Item[]): void
  speak(): void
  hush(): void
}

/** `onOver` is not called for prompts that are cut short. */
export function createSpeech<Item>(play: (items: readonly Item[]) => Playback, onOver: () => void): Speech<Item> {
  let collected: Item[] = []
  let playing: Playback | null = null

  function hush(): void {
    playing?.stop()
    playing = null
  }

  return {
    say: (...items) => void collected.push(...items),
    speak() {
      hush()
      const begun = play(collected)
      collected = []
      playing = begun
      void begun.finished.then(() => {
        if (playing === begun) onOver()
      })
    },
    hush,
  }
}

/** One alarm at a time. */
export interface Waiting {
  begin(ms: Milliseconds): void
  stop(): void
}

export function createWaiting(clock: Clock, onTime: () => void): Waiting {
  let alarm: Alarm | null = null
  function stop(): void {
    alarm?.cancel()
    alarm = null
  }
  return {
    begin(ms) {
      stop()
      alarm = clock.after(ms, onTime)
    },
    stop,
  }
}
