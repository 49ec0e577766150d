import { Counter, Gauge, type Registry } from 'prom-client'

/** Trunks: whether they take calls, and how many. */
export function trunkMetrics(registers: [Registry]) {
  return {
    trunkUp: new Gauge({ name: 'hotdesk_trunk_up', help: '1 while the trunk takes calls, by trunk', labelNames: ['trunk'], registers }),
    trunkRegistered: new Gauge({
      name: 'hotdesk_trunk_registered',
      help: '1 while this node is registered at the trunk, by trunk; absent at nodes that do not register there',
      labelNames: ['trunk'],
      registers,
    }),
    trunkCalls: new Gauge({ name: 'hotdesk_trunk_calls', help: 'Calls over the trunk, by trunk', labelNames: ['trunk'], registers }),
    trunkRefusedTotal: new Counter({
      name: 'hotdesk_trunk_refused_total',
      help: 'Calls refused because the trunk was at its limit, by trunk and limit: maxCalls, callsPerMinute',
      labelNames: ['trunk', 'limit'],
      registers,
    }),
  }
}
