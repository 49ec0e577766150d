import type { SipRequest } from '../../sip/message/message.js'

/** Maximum number of dialogs; the oldest is dropped for a new one. */
const maxDialogs = 100_000

/**
 * The dialogs that this proxy has record-routed. Requests of any other dialog are not forwarded: that would make this server an open relay.
 */
export interface ProxiedDialogs {
  add(request: SipRequest): void
  has(request: SipRequest): boolean
  remove(request: SipRequest): void
}

export function createProxiedDialogs(): ProxiedDialogs {
  /** Caller's tag by Call-ID. */
  const callers = new Map<string, string>()
  return {
    add({ callId, from }) {
      callers.set(callId, from.tag)
      if (callers.size > maxDialogs) for (const oldest of callers.keys()) return void callers.delete(oldest)
    },
    has({ callId, from, to }) {
      const caller = callers.get(callId)
      return caller !== undefined && (from.tag === caller || to.tag === caller)
    },
    remove: ({ callId }) => void callers.delete(callId),
  }
}
