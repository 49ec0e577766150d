import { type ServerTable, start, stop } from '../transaction-table.js'

export type NonInviteServerState = 'idle' | 'trying' | 'proceeding' | 'completed' | 'terminated'

/** RFC 3261 §17.2.2 (figure 8). A final response that cannot be delivered is sent again when the request is retransmitted (RFC 4320 §4.2). */
export const nonInviteServerTable: ServerTable<NonInviteServerState> = {
  idle: {
    start: ['trying'],
  },
  trying: {
    '1xx': ['proceeding', 'send response'],
    '2xx': ['completed', 'send response', start.J],
    '300-699': ['completed', 'send response', start.J],
  },
  proceeding: {
    request: ['proceeding', 'repeat response'],
    '1xx': ['proceeding', 'send response'],
    '2xx': ['completed', 'send response', start.J],
    '300-699': ['completed', 'send response', start.J],
    'transport error': ['terminated', 'report failure'],
  },
  completed: {
    request: ['completed', 'repeat response'],
    'transport error': ['terminated', stop.J, 'report failure'],
    'timer J': ['terminated'],
  },
  terminated: {},
}
