import type { Milliseconds } from '../base/clock.js'
import type { KeyWay } from './dtmf/duplicate-presses.js'
import type { Key } from './key.js'
import type { Clip } from './sound/clip.js'
import type { Playback } from './sound/player.js'

/** What has been heard of the far end. */
export interface Heard {
  readonly packets: number
  /** Packets whose audio was louder than -50 dBm0. */
  readonly audible: number
  /** Clock time of the last packet; null before the first. */
  readonly lastAt: Milliseconds | null
}

/** One RTP stream pair with an audio codec (PCMU or PCMA) and key presses (RFC 4733 events, tones in the audio, SIP INFO). */
export interface AudioSession {
  /** Our offer or answer. */
  readonly localSdp: string
  readonly heard: Heard
  /** Answers a re-INVITE's offer (hold and resume included); null when nothing in it suits, and then nothing changes. */
  reanswer(offer: string): string | null
  /** Offers anew all that we can, for a re-INVITE without an offer; `accept` takes what comes back. */
  reoffer(): string
  /** Takes the answer to our offer. */
  accept(answer: string): 'accepted' | 'no-common-codec'
  /** Replaces what is being played. */
  play(clips: readonly Clip[]): Playback
  /** Calls the listener once for each press, however many packets (RFC 4733 §2.5) or ways report it. Keys are never logged. */
  onKeyPress(listener: (key: Key, way: KeyWay) => void): () => void
  /** Reports a press that arrived by SIP INFO. */
  hearInfo(key: Key): void
  /**
   * Sends key presses as RFC 4733 events, 100 ms each with 60 ms between; as tones where the far end takes no events.
   * @throws TypeError for a character that is no key
   */
  press(keys: string): Promise<void>
  close(): void
}
