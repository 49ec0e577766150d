import { type ClientTable, double, repeat, start, stop } from '../transaction-table.js'

export type NonInviteClientState = 'idle' | 'trying' | 'proceeding' | 'completed' | 'terminated'

/** RFC 3261 §17.1.2 (figure 6). */
export const nonInviteClientTable: ClientTable<NonInviteClientState> = {
  idle: {
    start: ['trying', 'send request', start.E, start.F],
  },
  trying: {
    'timer E': ['trying', 'send request', double.E],
    'timer F': ['terminated', stop.E, 'report timeout'],
    'transport error': ['terminated', stop.E, stop.F, 'report failure'],
    '1xx': ['proceeding', 'pass response'],
    '2xx': ['completed', stop.E, stop.F, start.K, 'pass response'],
    '300-699': ['completed', stop.E, stop.F, start.K, 'pass response'],
  },
  proceeding: {
    'timer E': ['proceeding', 'send request', repeat.E],
    'timer F': ['terminated', stop.E, 'report timeout'],
    'transport error': ['terminated', stop.E, stop.F, 'report failure'],
    '1xx': ['proceeding', 'pass response'],
    '2xx': ['completed', stop.E, stop.F, start.K, 'pass response'],
    '300-699': ['completed', stop.E, stop.F, start.K, 'pass response'],
  },
  completed: {
    'timer K': ['terminated'],
  },
  terminated: {},
}
