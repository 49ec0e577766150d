import { double, type ServerTable, start, stop } from '../transaction-table.js'

export type InviteServerState = 'idle' | 'proceeding' | 'accepted' | 'completed' | 'confirmed' | 'terminated'

/**
 * RFC 3261 §17.2.1 (figure 7) as amended by RFC 6026 §7.1: after a 2xx, in `accepted`, retransmitted INVITEs are absorbed, the user retransmits
 * its 2xx, and the ACK is passed to the user. The user also sends the 100 of §17.2.1.
 */
export const inviteServerTable: ServerTable<InviteServerState> = {
  idle: {
    start: ['proceeding'],
  },
  proceeding: {
    request: ['proceeding', 'repeat response'],
    '1xx': ['proceeding', 'send response'],
    '2xx': ['accepted', 'send response', start.L],
    '300-699': ['completed', 'send response', start.G, start.H],
    'transport error': ['proceeding', 'report failure'],
  },
  accepted: {
    '2xx': ['accepted', 'send response'],
    ack: ['accepted', 'pass ack'],
    'transport error': ['accepted', 'report failure'],
    'timer L': ['terminated'],
  },
  completed: {
    request: ['completed', 'repeat response'],
    'timer G': ['completed', 'repeat response', double.G],
    ack: ['confirmed', stop.G, stop.H, start.I],
    'timer H': ['terminated', stop.G, 'report unacknowledged'],
    'transport error': ['completed', 'report failure'],
  },
  confirmed: {
    'timer I': ['terminated'],
  },
  terminated: {},
}
