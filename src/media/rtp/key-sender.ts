import { pressPayloads } from '../dtmf/telephone-event.js'
import { type Key, parseKey } from '../key.js'
import { frameMs } from '../sound/g711.js'
import type { OutgoingStream } from './outgoing-stream.js'

/** Sends key presses, one packet for each frame of the stream. */
export interface KeySender {
  /** Resolves after the last packet and the pause that follows. */
  press(keys: readonly Key[]): Promise<void>
  /** The packet for this frame; null if the frame is audio. */
  next(stream: OutgoingStream, payloadType: number): Buffer | null
  /** Discards what has not been sent. */
  stop(): void
}

export const pressMs = 100
export const pauseMs = 60

type Step =
  | { readonly kind: 'packet'; readonly payload: Uint8Array; readonly first: boolean }
  | { readonly kind: 'pause' }
  | { readonly kind: 'done'; readonly done: () => void }

export function createKeySender(): KeySender {
  const steps: Step[] = []
  let began = 0

  function finishDone(): void {
    while (steps[0]?.kind === 'done') {
      const step = steps.shift()
      if (step?.kind === 'done') step.done()
    }
  }

  return {
    press(keys) {
      return new Promise((resolve) => {
        steps.push(...keys.flatMap(stepsOf), { kind: 'done', done: resolve })
        finishDone()
      })
    },
    next(stream, payloadType) {
      finishDone()
      const step = steps.shift()
      if (step?.kind !== 'packet') return null
      if (step.first) began = stream.timestamp
      return stream.event(payloadType, step.payload, { timestamp: began, first: step.first })
    },
    stop() {
      for (const step of steps.splice(0)) if (step.kind === 'done') step.done()
    },
  }
}

function stepsOf(key: Key): readonly Step[] {
  const packets = pressPayloads(key, pressMs).map((payload, index): Step => ({ kind: 'packet', payload, first: index === 0 }))
  // The repeated end packets are sent during the pause.
  const frames = (pressMs + pauseMs) / frameMs
  const pauses = Array.from({ length: Math.max(0, frames - packets.length) }, (): Step => ({ kind: 'pause' }))
  return [...packets, ...pauses]
}

/** @throws TypeError for a character that is not a key */
export function keysOf(text: string): readonly Key[] {
  return Array.from(text, (character) => {
    const key = parseKey(character)
    if (key === null) throw new TypeError('a key press is one of 0-9 * # A-D')
    return key
  })
}
