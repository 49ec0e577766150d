import type { SipRequest } from '../../sip/message/message.js'

/** As many as calls may pass at once; the oldest is forgotten first. */
const mostDialogs = 100_000

/**
 * The dialogs whose requests come through here because we asked for it with Record-Route. Requests of any other are not passed on:
 * that would make an open relay.
 */
export interface ProxiedDialogs {
  add(request: SipRequest): void
  has(request: SipRequest): boolean
  remove(request: SipRequest): void
}

export function createProxiedDialogs(): ProxiedDialogs {
  const callers = new Map<string, string>()
  return {
    add({ callId, from }) {
      callers.set(callId, from.tag)
      if (callers.size > mostDialogs) for (const oldest of callers.keys()) return void callers.delete(oldest)
    },
    has({ callId, from, to }) {
      const caller = callers.get(callId)
      return caller !== undefined && (from.tag === caller || to.tag === caller)
    },
    remove: ({ callId }) => void callers.delete(callId),
  }
}
