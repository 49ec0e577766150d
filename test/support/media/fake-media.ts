import { createDuplicatePresses, type KeyWay } from '../../../src/media/dtmf/duplicate-presses.js'
import type { Answered, AudioSession, Clip, Key, Media } from '../../../src/media/media.js'
import type { ManualClock } from '../process/manual-clock.js'

/** Media on a manual clock: a clip takes its duration, and is recorded by name. */
export interface FakeMedia extends Media {
  /** Names of the clips in the order they started. `(cut)` follows a playback that was stopped. */
  readonly played: readonly string[]
  /** The same clips. */
  readonly clips: readonly Clip[]
  /** True while a clip is playing. */
  readonly isPlaying: boolean
  /** Number of open sessions. */
  readonly open: number
  /** The outcome of the next offers. */
  outcome: Answered['outcome']
  /** A packet arrives from the phone. */
  hear(): void
  /** The phone's user presses a key. */
  press(key: Key, way?: KeyWay): void
  /** The phone's answers to our offers. */
  readonly accepted: readonly string[]
}

export function createFakeMedia(clock: ManualClock): FakeMedia {
  const played: string[] = []
  const clips: Clip[] = []
  const accepted: string[] = []
  const sessions = new Set<FakeSession>()
  const needs: FakeSessionNeeds = { clock, played, clips, accepted, onClosed: (session) => sessions.delete(session) }
  let outcome: FakeMedia['outcome'] = 'answered'

  function open(): AudioSession {
    const opened = createFakeSession(needs)
    sessions.add(opened)
    return opened.session
  }

  return {
    played,
    clips,
    accepted,
    get isPlaying() {
      return [...sessions].some((session) => session.isPlaying())
    },
    get open() {
      return sessions.size
    },
    get outcome() {
      return outcome
    },
    set outcome(next) {
      outcome = next
    },
    hear() {
      for (const session of sessions) session.hear()
    },
    press(key, way = 'event') {
      for (const session of sessions) session.press(key, way)
    },
    answer: () => Promise.resolve(outcome === 'answered' ? { outcome, session: open() } : { outcome, profiles: ['RTP/SAVP'] }),
    offer: () => Promise.resolve(outcome === 'answered' ? open() : null),
    close: () => Promise.resolve(),
  }
}

interface FakeSessionNeeds {
  readonly clock: ManualClock
  readonly played: string[]
  readonly clips: Clip[]
  readonly accepted: string[]
  readonly onClosed: (session: FakeSession) => void
}

interface FakeSession {
  isPlaying(): boolean
  readonly session: AudioSession
  hear(): void
  press(key: Key, way: KeyWay): void
}

function createFakeSession({ clock, played, clips: all, accepted, onClosed }: FakeSessionNeeds): FakeSession {
  const listeners = new Set<(key: Key, way: KeyWay) => void>()
  const duplicates = createDuplicatePresses()
  const nothing = (): void => undefined
  let stop = nothing
  let packets = 0
  let lastAt: number | null = null

  const session: AudioSession = {
    localSdp: 'our answer',
    get heard() {
      return { packets, audible: packets, lastAt }
    },
    get quality() {
      return { codec: 'PCMU' as const, sent: packets, received: packets, lost: 0, jitterMs: 0, reported: null }
    },
    reanswer: (offer) => (offer.includes('unsuitable') ? null : `answer to ${offer}`),
    reoffer: () => 'our new offer',
    accept(answer) {
      accepted.push(answer)
      return answer.includes('unsuitable') ? 'no-common-codec' : 'accepted'
    },
    play(clips) {
      stop()
      played.push(...clips.map((clip) => clip.name))
      all.push(...clips)
      let end: (how: 'played' | 'stopped') => void = () => undefined
      const finished = new Promise<'played' | 'stopped'>((resolve) => {
        end = resolve
      })
      const lasts = clips.reduce((sum, clip) => sum + clip.durationMs, 0)
      const alarm = clock.after(lasts, () => {
        stop = nothing
        end('played')
      })
      stop = () => {
        stop = nothing
        alarm.cancel()
        played.push('(cut)')
        end('stopped')
      }
      return { finished, stop: () => stop() }
    },
    onKeyPress(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    hearInfo: (key) => fake.press(key, 'info'),
    press: () => Promise.resolve(),
    close() {
      stop()
      onClosed(fake)
    },
  }
  const fake: FakeSession = {
    session,
    isPlaying: () => stop !== nothing,
    hear() {
      packets += 1
      lastAt = clock.now()
    },
    press(key, way) {
      if (duplicates.isNew({ key, way, at: clock.now() })) for (const listener of listeners) listener(key, way)
    },
  }
  return fake
}
