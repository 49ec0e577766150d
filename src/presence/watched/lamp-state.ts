import type { ShownCall } from '../lamps/shown-call.js'

/** What a lamp shows. */
export interface LampState {
  readonly word: LampWord
  /** The call that rings, or is up. */
  readonly call: ShownCall | null
}

/**
 * Of a user: `idle`, `ringing`, `busy`, `not-logged-in`, `do-not-disturb`. Of a phone: `free`, `occupied`. Of a feature: `on`, `off`.
 */
export type LampWord = 'idle' | 'ringing' | 'busy' | 'not-logged-in' | 'do-not-disturb' | 'free' | 'occupied' | 'on' | 'off'

/** Equal for states that look the same. */
export function lookOf({ word, call }: LampState): string {
  return [word, call?.id ?? '', call?.caller?.number ?? '', call?.caller?.name ?? ''].join('\n')
}
