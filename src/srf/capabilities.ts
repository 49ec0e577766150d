import { keyBodies } from '../media/key.js'

/** Bodies that are read. */
const Accept = ['application/sdp', ...keyBodies].join(', ')

/**
 * What is taken outside a dialog, and from the first INVITE on: the answer to OPTIONS (RFC 3261 §11.2). REFER is refused everywhere,
 * MESSAGE and NOTIFY outside a dialog, so none of them is named.
 */
export const capabilities = {
  Allow: 'INVITE, ACK, BYE, CANCEL, OPTIONS, INFO, UPDATE, PRACK, REGISTER',
  Accept,
  'Accept-Encoding': 'identity',
  'Accept-Language': 'en',
  Supported: 'timer, 100rel',
} as const

/** What is taken in a dialog: said in each INVITE and its 200 (RFC 3261 §13.2.1, §13.3.1.4). */
export const dialogCapabilities = { Allow: 'INVITE, ACK, BYE, CANCEL, OPTIONS, INFO, UPDATE, MESSAGE, PRACK', Supported: 'timer' } as const

/** The same as the answer to OPTIONS in a dialog. */
export const dialogOptions = { ...dialogCapabilities, Accept } as const
