import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'

/** The node's metrics: few, the unit in the name, labels bounded (never an extension, a Call-ID or an address). */
export type Metrics = ReturnType<typeof createMetrics>

export function createMetrics() {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const registers = [registry]
  return {
    registry,
    callsActive: new Gauge({ name: 'hotdesk_calls_active', help: 'Calls up or being set up', registers }),
    callsTotal: new Counter({ name: 'hotdesk_calls_total', help: 'Calls ended, by result', labelNames: ['result'], registers }),
    callSetupSeconds: new Histogram({
      name: 'hotdesk_call_setup_seconds',
      help: 'INVITE to final response, without the time the phone rang',
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
      registers,
    }),
    transitionsTotal: new Counter({
      name: 'hotdesk_transitions_total',
      help: 'Logins and logouts, by outcome',
      labelNames: ['transition', 'outcome'],
      registers,
    }),
    loginSeconds: new Histogram({
      name: 'hotdesk_login_seconds',
      help: 'Last digit of the PIN to the assignment in Redis',
      buckets: [0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5],
      registers,
    }),
    bindings: new Gauge({ name: 'hotdesk_registrar_bindings', help: 'Phones registered at this node', registers }),
    registrationsTotal: new Counter({
      name: 'hotdesk_registrations_total',
      help: 'REGISTER requests, by outcome',
      labelNames: ['outcome'],
      registers,
    }),
    refreshesTotal: new Counter({
      name: 'hotdesk_refreshes_total',
      help: 'Refreshes of phones after a login or logout, by outcome; stale is an alarm',
      labelNames: ['outcome'],
      registers,
    }),
    trunkUp: new Gauge({ name: 'hotdesk_trunk_up', help: '1 while the trunk takes calls, by trunk', labelNames: ['trunk'], registers }),
    rtpPortsInUse: new Gauge({ name: 'hotdesk_rtp_ports_in_use', help: 'RTP ports taken by prompts', registers }),
    storeUp: new Gauge({ name: 'hotdesk_store_up', help: '1 while Redis answers', registers }),
    storeCopyAgeSeconds: new Gauge({
      name: 'hotdesk_store_copy_age_seconds',
      help: 'Since the copy in memory was last known to be fresh',
      registers,
    }),
    storeCallSeconds: new Histogram({
      name: 'hotdesk_store_call_seconds',
      help: 'Redis function calls, by function',
      labelNames: ['function'],
      buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.25, 1],
      registers,
    }),
    repairsTotal: new Counter({ name: 'hotdesk_repairs_total', help: 'One-sided assignments repaired', registers }),
  }
}
