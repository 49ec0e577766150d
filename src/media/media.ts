import type { Milliseconds } from '../base/clock.js'

/** 8 kHz, 16 bit, mono; already coded for both laws, so that playing costs no more than a copy. */
export interface Clip {
  readonly name: string
  readonly durationMs: Milliseconds
  readonly ulaw: Uint8Array
  readonly alaw: Uint8Array
}

export type Key = '0' | '1' | '2' | '3' | '4' | '5' | '6' | '7' | '8' | '9' | '*' | '#' | 'A' | 'B' | 'C' | 'D'

export interface Playback {
  readonly finished: Promise<'played' | 'stopped'>
  stop(): void
}

/** What has been heard of the far end. */
export interface Heard {
  readonly packets: number
  /** Packets whose audio was louder than -50 dBm0. */
  readonly audible: number
  /** Clock time of the last packet; null before the first. */
  readonly lastAt: Milliseconds | null
}

/** One RTP stream pair with an audio codec (PCMU or PCMA) and key presses (RFC 4733, in-band tones). */
export interface AudioSession {
  /** Our offer or answer. */
  readonly localSdp: string
  readonly heard: Heard
  /** Answers a re-INVITE's offer (hold and resume included); null when nothing in it suits. */
  reanswer(offer: string): string | null
  /** Takes the answer to our offer. */
  accept(answer: string): 'accepted' | 'no-common-codec'
  /** Replaces what is being played. */
  play(clips: readonly Clip[]): Playback
  /** Each press once, however often its packets come (RFC 4733 §2.5). The key is not logged. */
  onKeyPress(listener: (key: Key) => void): () => void
  /** Sends key presses as RFC 4733 events, 100 ms each with 60 ms between. */
  press(keys: string): Promise<void>
  close(): void
}

export type Answered =
  | { readonly outcome: 'answered'; readonly session: AudioSession }
  | { readonly outcome: 'no-common-codec' | 'no-port' | 'malformed' }

export interface Media {
  /** Answers an offer (RFC 3264 §6). */
  answer(offer: string): Promise<Answered>
  /** Makes an offer; null when no port is free. */
  offer(): Promise<AudioSession | null>
  close(): Promise<void>
}
