import { randomInt } from 'node:crypto'
import type { Address } from '../rtp/address.js'
import type { Law } from '../sound/g711.js'
import { listens, parseDescription, type RemoteAudio } from './description.js'
import { answerTo, everything, type LocalAudio, type Origin, writeAnswer, writeOffer } from './local-description.js'

/** The payload types of packets that we receive. Those that we send may have other numbers. */
export interface ReceivedPayloads {
  readonly laws: ReadonlyMap<number, Law>
  readonly event: number | null
}

/** The media that we send, and their destination. */
interface Sending {
  readonly law: Law
  readonly payload: number
  /** Null if the far end does not accept RFC 4733 events. */
  readonly eventPayload: number | null
  /** The described address; null if it is unusable. */
  readonly rtp: Address | null
  readonly rtcp: Address | null
  /** False while the far end holds the call. */
  readonly allowed: boolean
}

/** Offers and answers of one session (RFC 3264). */
export interface Negotiation {
  /** Our latest offer or answer. */
  readonly localSdp: string
  readonly receiving: ReceivedPayloads
  /** Null before offer and answer are complete. */
  readonly sending: Sending | null
  /** Answers an offer; an unsuitable one changes nothing. */
  answer(offer: string): 'answered' | 'no-common-codec' | 'malformed'
  offer(): void
  accept(answer: string): 'accepted' | 'no-common-codec'
}

export function createNegotiation(address: string, port: number): Negotiation {
  let origin: Origin = { sessionId: randomInt(1, 2 ** 31), version: 1, address, port }
  let localSdp = ''
  let local: LocalAudio = everything
  let sending: Sending | null = null

  /** RFC 3264 §8: the version is incremented if the description has changed. */
  function describe(write: (origin: Origin) => string): void {
    if (localSdp === '' || write(origin) !== localSdp) {
      if (localSdp !== '') origin = { ...origin, version: origin.version + 1 }
      localSdp = write(origin)
    }
  }

  return {
    get localSdp() {
      return localSdp
    },
    get receiving() {
      return { laws: new Map(local.codecs.map(({ payload, law }) => [payload, law])), event: local.eventPayload }
    },
    get sending() {
      return sending
    },
    answer(text) {
      const offer = parseDescription(text, address)
      if (!offer) return 'malformed'
      const ours = answerTo(offer)
      if (!ours || !offer.audio) return 'no-common-codec'
      local = ours
      sending = sendingTo(offer.audio, ours)
      describe((from) => writeAnswer(from, ours, offer))
      return 'answered'
    },
    offer() {
      local = everything
      describe((from) => writeOffer(from, everything))
    },
    accept(text) {
      const audio = parseDescription(text, address)?.audio
      if (!audio) return 'no-common-codec'
      sending = sendingTo(audio, local)
      return 'accepted'
    },
  }
}

function sendingTo(audio: RemoteAudio, local: LocalAudio): Sending | null {
  const codec = audio.codecs.find(({ law }) => local.codecs.some((ours) => ours.law === law))
  if (!codec) return null
  return {
    law: codec.law,
    payload: codec.payload,
    eventPayload: audio.eventPayload,
    rtp: audio.address === null ? null : { address: audio.address, port: audio.port },
    rtcp: audio.address === null ? null : { address: audio.address, port: audio.rtcpPort },
    allowed: listens(audio.direction),
  }
}
