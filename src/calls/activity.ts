import type { DeviceId } from '../base/identity.js'
import type { EndReason } from './call-control.js'

/** One call of a phone at this node. */
export interface ActiveCall {
  readonly device: DeviceId
  /** `feature`: a feature code. A pending logout does not wait for it. */
  readonly kind: 'ordinary' | 'emergency' | 'feature'
  /** Ends the call from our side. */
  hangUp(reason: EndReason): void
}

/** The calls of each phone at this node. */
export interface Activity {
  /** Adds a call. Returns the function that removes it. */
  begin(call: ActiveCall): () => void
  count(device: DeviceId): number
  /** Feature codes in use, such as PIN dialogues. */
  readonly dialogues: number
  /** Ends the phone's ordinary calls. Emergency calls are never ended. */
  hangUp(device: DeviceId, reason: EndReason): void
}

export interface ActivityNeeds {
  readonly onBegan: (call: ActiveCall) => void
  readonly onEnded: (call: ActiveCall) => void
}

export function createActivity({ onBegan, onEnded }: ActivityNeeds): Activity {
  const calls = new Map<DeviceId, Set<ActiveCall>>()

  function end(call: ActiveCall): void {
    const own = calls.get(call.device)
    if (!own?.delete(call)) return
    if (own.size === 0) calls.delete(call.device)
    onEnded(call)
  }

  return {
    begin(call) {
      const own = calls.get(call.device) ?? new Set()
      calls.set(call.device, own.add(call))
      onBegan(call)
      return () => end(call)
    },
    count: (device) => calls.get(device)?.size ?? 0,
    get dialogues() {
      return [...calls.values()].flatMap((own) => [...own]).filter(({ kind }) => kind === 'feature').length
    },
    hangUp(device, reason) {
      for (const call of calls.get(device) ?? []) if (call.kind === 'ordinary') call.hangUp(reason)
    },
  }
}
