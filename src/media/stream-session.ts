import type { Clock } from '../base/clock.js'
import { createEmitter } from '../base/emitter.js'
import { messageOf } from '../base/errors.js'
import type { Logger } from '../base/logger.js'
import type { AudioSession } from './audio-session.js'
import { createDuplicatePresses, type KeyWay, type Press } from './dtmf/duplicate-presses.js'
import type { Key } from './key.js'
import { createKeySender, keysOf, pauseMs, pressMs } from './rtp/key-sender.js'
import { createOutgoingStream } from './rtp/outgoing-stream.js'
import type { PortPair } from './rtp/port-pair.js'
import { createReceiver } from './rtp/receiver.js'
import { createReporting } from './rtp/reporting.js'
import { streamQuality } from './rtp/stream-quality.js'
import type { Ticker } from './rtp/ticker.js'
import type { Negotiation } from './sdp/negotiation.js'
import { createSending } from './sending.js'
import { keyClip } from './sound/clip.js'
import { createPlayer } from './sound/player.js'

export interface SessionNeeds {
  readonly ports: PortPair
  /** It already has our offer or answer. */
  readonly negotiation: Negotiation
  /** The source address of the far end's SIP; null if unknown. */
  readonly signalling: string | null
  readonly clock: Clock
  readonly ticker: Ticker
  readonly log: Logger
  /** Called once, after the last packet of the session: the ports can be closed. */
  readonly onClosed: () => void
}

/** Creates a session on its ports. */
export function createSession({ ports, negotiation, signalling, clock, ticker, log, onClosed }: SessionNeeds): AudioSession {
  const presses = createEmitter<[Key, KeyWay]>((fault) =>
    log.error({ event: 'call.fault', reason: messageOf(fault) }, 'a key listener failed'),
  )
  const stream = createOutgoingStream()
  const player = createPlayer()
  const keySender = createKeySender()
  const duplicates = createDuplicatePresses()
  const receiver = createReceiver({ clock, onPress: hearPress, signalling })
  const reporting = createReporting({ ports, stream, receiver, negotiation, clock })
  const leaveTicker = ticker.add(createSending({ ports, negotiation, receiver, stream, player, keySender }))
  let isClosed = false

  function hearPress(press: Press): void {
    if (duplicates.isNew(press)) presses.emit(press.key, press.way)
  }

  function close(): void {
    if (isClosed) return
    isClosed = true
    leaveTicker()
    player.stop()
    keySender.stop()
    reporting.close()
    onClosed()
  }

  async function press(text: string): Promise<void> {
    const keys = keysOf(text)
    if (isClosed) return
    if (negotiation.sending?.eventPayload === null) await player.play(keys.map((key) => keyClip(key, pressMs, pauseMs))).finished
    else await keySender.press(keys)
  }

  ports.onRtp(receiver.hear)
  receiver.follow(negotiation)
  return {
    ...negotiating(negotiation, () => receiver.follow(negotiation)),
    get localSdp() {
      return negotiation.localSdp
    },
    get heard() {
      return receiver.heard
    },
    get quality() {
      return streamQuality({ negotiation, stream, receiver, reporting })
    },
    play: player.play,
    onKeyPress: presses.on,
    hearInfo: (key) => hearPress({ key, way: 'info', at: clock.now() }),
    press,
    close,
  }
}

function negotiating(negotiation: Negotiation, onChange: () => void): Pick<AudioSession, 'reanswer' | 'reoffer' | 'accept'> {
  return {
    reanswer(offer) {
      if (negotiation.answer(offer) !== 'answered') return null
      onChange()
      return negotiation.localSdp
    },
    reoffer() {
      negotiation.offer()
      onChange()
      return negotiation.localSdp
    },
    accept(answer) {
      const outcome = negotiation.accept(answer)
      if (outcome === 'accepted') onChange()
      return outcome
    },
  }
}
