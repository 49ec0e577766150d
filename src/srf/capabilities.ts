import { keyBodies } from '../media/key.js'

/** The bodies that we understand in a dialog. */
const Accept = ['application/sdp', ...keyBodies].join(', ')

/**
 * Capabilities outside a dialog: the response to OPTIONS (RFC 3261 §11.2). MESSAGE and NOTIFY are not listed because they are refused outside a
 * dialog; REFER, because it needs one (RFC 4538).
 */
export const capabilities = {
  Allow: 'INVITE, ACK, BYE, CANCEL, OPTIONS, INFO, UPDATE, PRACK, REGISTER, SUBSCRIBE',
  // RFC 6665 §4.4.4: what phones may subscribe to.
  'Allow-Events': 'dialog, presence, message-summary',
  // The other forms of keys are for dialogs. A response of more than three times the request is not sent to an unknown source.
  Accept: 'application/sdp, application/dtmf-relay, audio/telephone-event',
  'Accept-Encoding': 'identity',
  'Accept-Language': 'en',
  Supported: 'timer, 100rel, eventlist',
} as const

/** Capabilities in a dialog with the node itself, for each INVITE and its 200 (RFC 3261 §13.2.1, §13.3.1.4). */
export const dialogCapabilities = { Allow: 'INVITE, ACK, BYE, CANCEL, OPTIONS, INFO, UPDATE, MESSAGE, PRACK', Supported: 'timer' } as const

/** The same in a call between two parties, which can be transferred. */
export const callCapabilities = { Allow: `${dialogCapabilities.Allow}, REFER`, Supported: 'norefersub, replaces, tdialog, timer' } as const

/** The same for a trunk, whose INVITE with Replaces is not obeyed (RFC 3891 §3). */
export const trunkCapabilities = { ...callCapabilities, Supported: 'norefersub, tdialog, timer' } as const

/** The response to OPTIONS in a dialog. */
export const dialogOptions = { ...dialogCapabilities, Accept } as const
export const callOptions = { ...callCapabilities, Accept } as const
export const trunkOptions = { ...trunkCapabilities, Accept } as const
