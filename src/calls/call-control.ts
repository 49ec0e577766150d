import type { RefusalReason } from './failure.js'

/** Why we end a call: the text of the Reason header, and the refusal that a caller without an answer gets. */
export const endReasons = {
  stopping: { text: 'Node stopping', refusal: 'stopping' },
  operator: { text: 'Ended by the operator', refusal: 'ended' },
  'logged-out': { text: 'Logged out', refusal: 'draining' },
} as const satisfies Record<string, { readonly text: string; readonly refusal: RefusalReason }>

export type EndReason = keyof typeof endReasons

/** Ends a call from our side, in any state. */
export interface CallControl {
  /** An emergency call or a PSAP callback: a stopping node waits for it. */
  isEmergency: boolean
  /** Ends the call now, or as soon as its state allows. */
  hangUp(reason: EndReason): void
  /** Sets what ends the call from here on; `text` is for the Reason header. Runs at once if the call was to end before. */
  endBy(end: (text: string) => void): void
  /** Why the call was to end; null if it was not. */
  readonly endReason: EndReason | null
}

/** A request to end the call may arrive between two states. It is kept, and the next state acts on it. */
export function createCallControl(isEmergency: boolean): CallControl {
  let endReason: EndReason | null = null
  let endNow: (text: string) => void = () => undefined
  return {
    isEmergency,
    get endReason() {
      return endReason
    },
    hangUp(reason) {
      if (endReason !== null) return
      endReason = reason
      endNow(endReasons[reason].text)
    },
    endBy(end) {
      endNow = end
      if (endReason !== null) end(endReasons[endReason].text)
    },
  }
}
