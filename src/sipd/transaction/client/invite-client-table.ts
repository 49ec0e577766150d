import { type ClientTable, double, start, stop } from '../transaction-table.js'

export type InviteClientState = 'idle' | 'calling' | 'withdrawn' | 'proceeding' | 'cancelled' | 'accepted' | 'completed' | 'terminated'

/**
 * RFC 3261 §17.1.1 (figure 5) as amended by RFC 6026 §7.2, with two states for CANCEL (RFC 3261 §9.1): `withdrawn` waits for the provisional
 * response that must precede a CANCEL, `cancelled` for the final response. A failure to send an ACK is not reported: the user has its response,
 * and the peer retransmits.
 */
export const inviteClientTable: ClientTable<InviteClientState> = {
  idle: {
    start: ['calling', 'send request', start.A, start.B],
  },
  calling: {
    'timer A': ['calling', 'send request', double.A],
    'timer B': ['terminated', stop.A, 'report timeout'],
    'transport error': ['terminated', stop.A, stop.B, 'report failure'],
    '1xx': ['proceeding', stop.A, stop.B, 'pass response'],
    '2xx': ['accepted', stop.A, stop.B, start.M, 'pass response'],
    '300-699': ['completed', stop.A, stop.B, 'send ack', start.D, 'pass response'],
    cancel: ['withdrawn'],
  },
  withdrawn: {
    'timer A': ['withdrawn', 'send request', double.A],
    'timer B': ['terminated', stop.A, 'report timeout'],
    'transport error': ['terminated', stop.A, stop.B, 'report failure'],
    '1xx': ['cancelled', stop.A, stop.B, 'send cancel', start.N, 'pass response'],
    '2xx': ['accepted', stop.A, stop.B, start.M, 'pass response'],
    '300-699': ['completed', stop.A, stop.B, 'send ack', start.D, 'pass response'],
  },
  proceeding: {
    '1xx': ['proceeding', 'pass response'],
    '2xx': ['accepted', start.M, 'pass response'],
    '300-699': ['completed', 'send ack', start.D, 'pass response'],
    'transport error': ['terminated', 'report failure'],
    cancel: ['cancelled', 'send cancel', start.N],
  },
  cancelled: {
    '1xx': ['cancelled', 'pass response'],
    '2xx': ['accepted', stop.N, start.M, 'pass response'],
    '300-699': ['completed', stop.N, 'send ack', start.D, 'pass response'],
    'timer N': ['terminated', 'report timeout'],
    'transport error': ['terminated', stop.N, 'report failure'],
  },
  accepted: {
    '2xx': ['accepted', 'pass response'],
    'timer M': ['terminated'],
  },
  completed: {
    '300-699': ['completed', 'send ack'],
    'timer D': ['terminated'],
    'transport error': ['terminated', stop.D],
  },
  terminated: {},
}
