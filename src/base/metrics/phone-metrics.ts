import { Counter, Gauge, Histogram, type Registry } from 'prom-client'

/** Logins, registrations of phones, their passwords and their displays. */
export function phoneMetrics(registers: [Registry]) {
  return {
    transitionsTotal: new Counter({
      name: 'hotdesk_transitions_total',
      help: 'Logins and logouts, by outcome',
      labelNames: ['transition', 'outcome'],
      registers,
    }),
    loginSeconds: new Histogram({
      name: 'hotdesk_login_seconds',
      help: 'Time from the last digit of the PIN to the assignment in Redis',
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
    digestRefusedTotal: new Counter({
      name: 'hotdesk_digest_refused_total',
      help: 'Credentials of phones refused, by reason: password, held (too many wrong ones before), uri (made for another request), device',
      labelNames: ['reason'],
      registers,
    }),
    subscriptions: new Gauge({ name: 'hotdesk_subscriptions', help: 'Subscriptions of phones to lamps at this node', registers }),
    notifiesTotal: new Counter({
      name: 'hotdesk_notifies_total',
      help: 'NOTIFYs to phones that watch lamps, by outcome: sent, failed',
      labelNames: ['outcome'],
      registers,
    }),
    refreshesTotal: new Counter({
      name: 'hotdesk_refreshes_total',
      help: 'Display refreshes after a login or logout, by outcome; stale means not confirmed',
      labelNames: ['outcome'],
      registers,
    }),
    provisioningSeconds: new Histogram({
      name: 'hotdesk_provisioning_seconds',
      help: 'Time from the request of a phone for its configuration or a page to the response, by outcome: served, unchanged, absent, challenged',
      buckets: [0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1],
      labelNames: ['outcome'],
      registers,
    }),
    provisioningRefusedTotal: new Counter({
      name: 'hotdesk_provisioning_refused_total',
      help: 'Requests for configurations refused, by reason: network, token, password, held (too many wrong ones before), mac',
      labelNames: ['reason'],
      registers,
    }),
  }
}
