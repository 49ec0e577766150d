import { type ClientTable, double, start, stop } from '../transaction-table.js'

export type InviteClientState = 'idle' | 'calling' | 'withdrawn' | 'proceeding' | 'cancelled' | 'accepted' | 'completed' | 'terminated'

/**
 * RFC 3261 §17.1.1 (figure 5) as amended by RFC 6026 §7.2, with CANCEL of RFC 3261 §9.1 as two states: `withdrawn` waits
 * for the provisional response without which no CANCEL may be sent, `cancelled` for the final one.
 * A failing ACK of a final response is not reported: the user has its answer, and the peer's retransmission asks again.
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
