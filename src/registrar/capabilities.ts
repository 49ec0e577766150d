/** What we understand, as OPTIONS asks for it (RFC 3261 §11.2). */
export const capabilities = {
  Allow: 'INVITE, ACK, BYE, CANCEL, OPTIONS, INFO, UPDATE, PRACK, REFER, NOTIFY, REGISTER',
  Accept: 'application/sdp, application/dtmf-relay, application/dtmf',
  'Accept-Encoding': 'identity',
  'Accept-Language': 'en',
  Supported: 'timer, 100rel',
} as const
