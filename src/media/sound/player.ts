import type { Clip } from './clip.js'
import { type Law, silence } from './g711.js'

export interface Playback {
  readonly finished: Promise<'played' | 'stopped'>
  stop(): void
}

/** Provides clips in frames of 20 ms, and silence between them. */
export interface Player {
  /** Plays the clips instead of the current ones. */
  play(clips: readonly Clip[]): Playback
  /** Fills the next frame. */
  next(law: Law, frame: Uint8Array): void
  stop(): void
}

interface Progress {
  readonly clips: readonly Clip[]
  clip: number
  at: number
  readonly end: (how: 'played' | 'stopped') => void
}

export function createPlayer(): Player {
  let current: Progress | null = null

  function end(ending: Progress, how: 'played' | 'stopped'): void {
    if (current === ending) current = null
    ending.end(how)
  }

  function stop(): void {
    if (current) end(current, 'stopped')
  }

  return {
    play(clips) {
      stop()
      const { promise, resolve } = deferred<'played' | 'stopped'>()
      const started: Progress = { clips, clip: 0, at: 0, end: resolve }
      current = started
      return { finished: promise, stop: () => end(started, 'stopped') }
    },
    next(law, frame) {
      let filled = 0
      while (current && filled < frame.length) {
        const clip = current.clips[current.clip]
        if (!clip) {
          end(current, 'played')
          break
        }
        const piece = codes(clip, law).subarray(current.at, current.at + frame.length - filled)
        frame.set(piece, filled)
        filled += piece.length
        current.at += piece.length
        if (current.at >= clip.ulaw.length) {
          current.clip += 1
          current.at = 0
        }
      }
      frame.fill(silence[law], filled)
    },
    stop,
  }
}

function codes(clip: Clip, law: Law): Uint8Array {
  return law === 'PCMU' ? clip.ulaw : clip.alaw
}

function deferred<Value>(): { promise: Promise<Value>; resolve: (value: Value) => void } {
  let resolve: (value: Value) => void = () => undefined
  const promise = new Promise<Value>((settle) => {
    resolve = settle
  })
  return { promise, resolve }
}
