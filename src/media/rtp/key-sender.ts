import { pressPayloads } from '../dtmf/telephone-event.js'
import { type Key, parseKey } from '../key.js'
import { frameMs } from '../sound/g711.js'
import type { OutgoingStream } from './outgoing-stream.js'

/** Sends key presses in the rhythm of the stream. */
export interface KeySender {
  /** Resolves when the last packet and the pause after it are through. */
  press(keys: readonly Key[]): Promise<void>
  /** The packet for this frame; null when it belongs to the sound. */
  next(stream: OutgoingStream, payloadType: number): Buffer | null
  /** Forgets what is not yet sent. */
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
  // The repeated end packets fall into the pause.
  const frames = (pressMs + pauseMs) / frameMs
  const pauses = Array.from({ length: Math.max(0, frames - packets.length) }, (): Step => ({ kind: 'pause' }))
  return [...packets, ...pauses]
}

/** @throws TypeError for a character that is no key */
export function keysOf(text: string): readonly Key[] {
  return Array.from(text, (character) => {
    const key = parseKey(character)
    if (key === null) throw new TypeError('a key press is one of 0-9 * # A-D')
    return key
  })
}
