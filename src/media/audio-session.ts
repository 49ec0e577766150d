import type { Milliseconds } from '../base/clock.js'
import type { KeyWay } from './dtmf/duplicate-presses.js'
import type { Key } from './key.js'
import type { Clip } from './sound/clip.js'
import type { Law } from './sound/g711.js'
import type { Playback } from './sound/player.js'

/** What has arrived from the far end. */
export interface Heard {
  readonly packets: number
  /** Packets whose audio was louder than -50 dBm0. */
  readonly audible: number
  /** Time of the last packet; null before the first. */
  readonly lastAt: Milliseconds | null
}

/** How the audio of a session arrives, in both directions. */
export interface StreamQuality {
  /** The codec that we send; null before offer and answer are complete. */
  readonly codec: Law | null
  readonly sent: number
  readonly received: number
  readonly lost: number
  /** RFC 3550 §6.4.1. */
  readonly jitterMs: Milliseconds
  /** What the far end's last RTCP report says about our stream; null before the first. */
  readonly reported: { readonly lost: number; readonly jitterMs: Milliseconds } | null
}

/** One RTP stream pair with an audio codec (PCMU or PCMA) and key presses (RFC 4733 events, tones in the audio, SIP INFO). */
export interface AudioSession {
  /** Our offer or answer. */
  readonly localSdp: string
  readonly heard: Heard
  readonly quality: StreamQuality
  /** Answers the offer of a re-INVITE, hold and resume included. Null if the offer is unsuitable; then nothing changes. */
  reanswer(offer: string): string | null
  /** Makes a full offer for a re-INVITE without one; `accept` takes the answer. */
  reoffer(): string
  /** Takes the answer to our offer. */
  accept(answer: string): 'accepted' | 'no-common-codec'
  /** Plays the clips instead of the current ones. */
  play(clips: readonly Clip[]): Playback
  /** Calls the listener once for each press, however many packets (RFC 4733 §2.5) or ways report it. Keys are never logged. */
  onKeyPress(listener: (key: Key, way: KeyWay) => void): () => void
  /** Reports a press that arrived by SIP INFO. */
  hearInfo(key: Key): void
  /**
   * Sends key presses as RFC 4733 events, 100 ms each with pauses of 60 ms; as tones if the far end does not accept events.
   * @throws TypeError for a character that is not a key
   */
  press(keys: string): Promise<void>
  close(): void
}
