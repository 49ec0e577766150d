import type { Call, CallLeg } from './call.js'
import { sourceOf } from './call-list.js'
import type { Branch } from './dial/fork.js'

/** The SIP dialogs of a call at this node, in progress or ended a while ago. */
export interface CallLegs {
  readonly id: string
  readonly isOpen: boolean
  readonly legs: readonly CallLeg[]
}

/** Remembers the legs of calls that have ended. */
export interface EndedCalls {
  add(call: Call): void
  /** Newest last. */
  readonly all: Iterable<CallLegs>
}

/** Some hundred bytes each. */
const mostEnded = 2_000

/** Without this, a Call-ID that was cut out of a message keeps the whole message in memory. */
function ownString(text: string): string {
  return Buffer.from(text, 'latin1').toString('latin1')
}

export function createEndedCalls(): EndedCalls {
  const ended = new Map<string, CallLegs>()
  return {
    add(call) {
      const { id, legs } = legsOf(call)
      ended.set(id, { id, isOpen: false, legs: legs.map((leg) => ({ ...leg, callId: ownString(leg.callId) })) })
      for (const id of ended.keys()) {
        if (ended.size <= mostEnded) break
        ended.delete(id)
      }
    },
    get all() {
      return ended.values()
    },
  }
}

export function legsOf({ id, caller, invite, progress }: Call): CallLegs {
  const isBreakOut = caller.kind === 'node' && caller.purpose === 'break-out'
  const isDialledByPhone = caller.kind === 'device' || caller.kind === 'unknown' || isBreakOut
  const first = { callId: invite.callId, peer: sourceOf(caller), isDialledByPhone }
  return { id, isOpen: true, legs: [first, ...progress.legs] }
}

/** Adds an outgoing leg. It keeps its Call-ID if its INVITE is sent again with credentials. */
export function noteLeg({ progress }: Pick<Call, 'progress'>, branch: Branch, callId: string): void {
  if (progress.legs.some((leg) => leg.callId === callId)) return
  progress.legs.push({ callId, peer: peerOf(branch), isDialledByPhone: false })
}

function peerOf({ device, node, trunk }: Branch): string {
  if (node) return `node ${node.name}`
  return device ?? (trunk ? `trunk ${trunk.name}` : 'unknown')
}
