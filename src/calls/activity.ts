import type { DeviceId } from '../base/identity.js'
import type { Ending } from './call-control.js'

/** What a phone is doing at this node. */
export interface ActiveCall {
  readonly device: DeviceId
  /** `feature`: a dial code; it keeps no logout waiting. */
  readonly kind: 'ordinary' | 'emergency' | 'feature'
  /** Ends the call from our side. */
  hangUp(ending: Ending): void
}

/** The calls of each phone at this node. */
export interface Activity {
  /** Answers the function that takes the call off again. */
  began(call: ActiveCall): () => void
  count(device: DeviceId): number
  /** Ends the phone's ordinary calls; an emergency call is never ended. */
  hangUp(device: DeviceId, ending: Ending): void
}

export interface ActivityNeeds {
  readonly onBegan: (call: ActiveCall) => void
  readonly onEnded: (call: ActiveCall) => void
}

export function createActivity({ onBegan, onEnded }: ActivityNeeds): Activity {
  const calls = new Map<DeviceId, Set<ActiveCall>>()

  function ended(call: ActiveCall): void {
    const others = calls.get(call.device)
    if (!others?.delete(call)) return
    if (others.size === 0) calls.delete(call.device)
    onEnded(call)
  }

  return {
    began(call) {
      const own = calls.get(call.device) ?? new Set()
      calls.set(call.device, own.add(call))
      onBegan(call)
      return () => ended(call)
    },
    count: (device) => calls.get(device)?.size ?? 0,
    hangUp(device, ending) {
      for (const call of calls.get(device) ?? []) if (call.kind === 'ordinary') call.hangUp(ending)
    },
  }
}
