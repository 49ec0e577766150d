import { Counter, Gauge, Histogram, type Registry } from 'prom-client'

/** Calls and their media. */
export function callMetrics(registers: [Registry]) {
  return {
    callsActive: new Gauge({ name: 'hotdesk_calls_active', help: 'Calls up or being set up', registers }),
    callsTotal: new Counter({ name: 'hotdesk_calls_total', help: 'Calls ended, by result', labelNames: ['result'], registers }),
    callsBarredTotal: new Counter({
      name: 'hotdesk_calls_barred_total',
      help: 'Calls that the rights of a user refused, by use: call, forward, transfer, break-out',
      labelNames: ['use'],
      registers,
    }),
    callsLimitedTotal: new Counter({
      name: 'hotdesk_calls_limited_total',
      help: 'Calls outside that a limit refused, by limit: callsAtOnce, callsPerMinute, minutesPerDay',
      labelNames: ['limit'],
      registers,
    }),
    callSetupSeconds: new Histogram({
      name: 'hotdesk_call_setup_seconds',
      help: 'Time from INVITE to final response, without ringing',
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
      registers,
    }),
    orphanedCallsTotal: new Counter({
      name: 'hotdesk_orphaned_calls_total',
      help: 'Calls ended because the other node or phone had lost them',
      registers,
    }),
    rtpPortsInUse: new Gauge({ name: 'hotdesk_rtp_ports_in_use', help: 'RTP ports in use by prompts', registers }),
  }
}
