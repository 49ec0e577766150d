import { Counter, Gauge, Histogram, type Registry } from 'prom-client'

/** The connection to Redis, and the copy in memory. */
export function storeMetrics(registers: [Registry]) {
  return {
    storeUp: new Gauge({ name: 'hotdesk_store_up', help: '1 while Redis answers', registers }),
    storeCopyAgeSeconds: new Gauge({
      name: 'hotdesk_store_copy_age_seconds',
      help: 'Age of the copy in memory; 0 while Redis keeps it fresh',
      registers,
    }),
    storeCallSeconds: new Histogram({
      name: 'hotdesk_store_call_seconds',
      help: 'Redis function calls, by function',
      labelNames: ['function'],
      buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.25, 1],
      registers,
    }),
    storeReconnectsTotal: new Counter({
      name: 'hotdesk_store_reconnects_total',
      help: 'Reconnects to Redis',
      registers,
    }),
    storeRefusedTotal: new Counter({
      name: 'hotdesk_store_refused_total',
      help: 'Commands refused by Redis: disk full, no replica, failover, no rights',
      registers,
    }),
    storePrimaryConfirmed: new Gauge({
      name: 'hotdesk_store_primary_confirmed',
      help: '1 while Redis is confirmed to be the primary, else 0',
      registers,
    }),
    storeUncertainTotal: new Counter({
      name: 'hotdesk_store_uncertain_total',
      help: 'Logins and logouts that a failover may lose, by reason: unanswered, primary, replica',
      labelNames: ['reason'],
      registers,
    }),
    storeCopySaved: new Gauge({
      name: 'hotdesk_store_copy_saved',
      help: '1 while the copy can be saved to disk, else 0',
      registers,
    }),
  }
}
