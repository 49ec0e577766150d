import type { ErrorEntry } from './template.js'

export const sipErrors = {
  SIP_MALFORMED: {
    meaning: 'Malformed SIP message; it is dropped or gets a 400 response.',
    todo: 'correct the program that sends it; the log shows its source',
    messages: {
      headerName: 'a header name must be a token',
      lineBreak: 'a line break in {header}',
      header: '{name} is missing or malformed',
    },
  },
  SIP_SERVER_REFUSED: {
    meaning: 'The drachtio-server refused the secret.',
    todo: 'set HOTDESK_DRACHTIO_SECRET to the secret of that server',
    messages: { secret: { says: 'the SIP server at {host}:{port} refused the secret', todo: 'set HOTDESK_DRACHTIO_SECRET' } },
  },
  SIP_SEND_FAILED: {
    meaning: 'A message could not be sent, or the far end was gone.',
    todo: 'see the log of the call; check the address and the network in between',
    messages: {
      // Three texts of drachtio-server, which applications compare.
      noTarget: 'DNS Error',
      requestUri: 'invalid request-uri: {uri}',
      transport: 'requested protocol/transport not available',
      transactionOver: 'the transaction is {state}: no {status} can be sent',
      unanswered: 'the call was not answered: {reason}',
    },
  },
} as const satisfies Readonly<Record<string, ErrorEntry>>
