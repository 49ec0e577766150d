import { Counter, type Registry } from 'prom-client'

/** Emergency calls, for alerts: without labels, so that they exist from the start and their first increase is seen. */
export function emergencyMetrics(registers: [Registry]) {
  return {
    emergencyCallsTotal: new Counter({ name: 'hotdesk_emergency_calls_total', help: 'Emergency calls begun', registers }),
    emergencyFailuresTotal: new Counter({
      name: 'hotdesk_emergency_failures_total',
      help: 'Emergency calls that failed, without those that the caller cancelled',
      registers,
    }),
    emergencyUnprovenTotal: new Counter({
      name: 'hotdesk_emergency_unproven_total',
      help: 'Emergency calls carried without proof of their phone, shown as the site',
      registers,
    }),
    emergencyRefusedTotal: new Counter({
      name: 'hotdesk_emergency_refused_total',
      help: 'Emergency calls without proof refused over their limit',
      registers,
    }),
  }
}
