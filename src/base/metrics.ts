import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'

/** The node's metrics: few, with the unit in the name and bounded labels (never an extension, a Call-ID or an address). */
export type Metrics = ReturnType<typeof createMetrics>

export function createMetrics() {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const registers: [Registry] = [registry]
  const fetches: (() => Promise<void>)[] = []
  return {
    registry,
    /** `fetch` runs before each reading and updates metrics that are counted elsewhere. */
    beforeReading: (fetch: () => Promise<void>) => void fetches.push(fetch),
    /** All metrics in Prometheus's text format. */
    async text(): Promise<string> {
      await Promise.all(fetches.map((fetch) => fetch()))
      return registry.metrics()
    },
    sip: sipMetrics(registers),
    ...nodeMetrics(registers),
  }
}

/** Sets a counter to 0 for each label: an alert on an increase does not see a series that begins at 1. */
export function fromZero<Label extends string>(counter: Counter<Label>, labels: readonly Readonly<Record<Label, string>>[]): void {
  for (const each of labels) counter.inc(each, 0)
}

function nodeMetrics(registers: [Registry]) {
  return {
    ...callMetrics(registers),
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
    ...registrarMetrics(registers),
    refreshesTotal: new Counter({
      name: 'hotdesk_refreshes_total',
      help: 'Display refreshes after a login or logout, by outcome; stale means not confirmed',
      labelNames: ['outcome'],
      registers,
    }),
    ...trunkMetrics(registers),
    rtpPortsInUse: new Gauge({ name: 'hotdesk_rtp_ports_in_use', help: 'RTP ports in use by prompts', registers }),
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
    ...webhookMetrics(registers),
    ...alarmMetrics(registers),
    ...integrityMetrics(registers),
  }
}

function webhookMetrics(registers: [Registry]) {
  return {
    webhookPostsTotal: new Counter({
      name: 'hotdesk_webhook_posts_total',
      help: 'Events posted to webhooks, by outcome: delivered or failed',
      labelNames: ['outcome'],
      registers,
    }),
  }
}

function trunkMetrics(registers: [Registry]) {
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

function callMetrics(registers: [Registry]) {
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
  }
}

/** Registrations of phones, and their passwords. */
function registrarMetrics(registers: [Registry]) {
  return {
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
  }
}

/** For alerts that call an operator. Most have no labels, so that they exist from the start and their first increase is seen. */
function alarmMetrics(registers: [Registry]) {
  return {
    emergencyCallsTotal: new Counter({ name: 'hotdesk_emergency_calls_total', help: 'Emergency calls begun', registers }),
    emergencyFailuresTotal: new Counter({
      name: 'hotdesk_emergency_failures_total',
      help: 'Emergency calls that failed, without those that the caller cancelled',
      registers,
    }),
    orphanedCallsTotal: new Counter({
      name: 'hotdesk_orphaned_calls_total',
      help: 'Calls ended because the other node or phone had lost them',
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

/** Whether Redis holds the functions and the records. */
function integrityMetrics(registers: [Registry]) {
  return {
    repairsTotal: new Counter({ name: 'hotdesk_repairs_total', help: 'One-sided assignments repaired', registers }),
    libraryLoadsTotal: new Counter({
      name: 'hotdesk_store_library_loads_total',
      help: 'Loads of the function library into Redis by this node',
      registers,
    }),
    libraryMismatch: new Gauge({
      name: 'hotdesk_store_library_mismatch',
      help: "1 while the function library in Redis differs from this node's",
      registers,
    }),
    storeMissingRecords: new Gauge({
      name: 'hotdesk_store_missing_records',
      help: 'Users, phones and logins that Redis has lost; 0 without a loss',
      registers,
    }),
    storeEvicting: new Gauge({
      name: 'hotdesk_store_evicting',
      help: '1 while maxmemory-policy allows Redis to evict keys',
      registers,
    }),
    storeEvictedKeys: new Gauge({
      name: 'hotdesk_store_evicted_keys',
      help: 'Keys that Redis has evicted since its start',
      registers,
    }),
    storeMemoryRatio: new Gauge({
      name: 'hotdesk_store_memory_ratio',
      help: 'Memory of Redis as a share of maxmemory; 0 without a limit',
      registers,
    }),
  }
}

/** The link between the embedded SIP server and the node. */
function linkMetrics(registers: [Registry]) {
  return {
    unreadBytes: new Gauge({
      name: 'hotdesk_sip_unread_bytes',
      help: 'Bytes of the SIP server that the application has not read',
      registers,
    }),
    resumptions: new Counter({
      name: 'hotdesk_sip_resumptions_total',
      help: 'Broken connections between SIP server and application that were resumed',
      registers,
    }),
  }
}

/** Counts of the embedded SIP server. */
function sipMetrics(registers: [Registry]) {
  return {
    messages: new Counter({
      name: 'hotdesk_sip_messages_total',
      help: 'SIP messages received, by kind: request or response',
      labelNames: ['kind'],
      registers,
    }),
    retransmissions: new Counter({
      name: 'hotdesk_sip_retransmissions_total',
      help: 'Retransmitted SIP messages, by direction: received or sent',
      labelNames: ['direction'],
      registers,
    }),
    discarded: new Counter({
      name: 'hotdesk_sip_discarded_total',
      help: 'SIP messages received and discarded, by reason: malformed, merged, overload, shed, banned, challenged, ignored, too-large, stray',
      labelNames: ['reason'],
      registers,
    }),
    headersLeftOut: new Counter({
      name: 'hotdesk_sip_headers_left_out_total',
      help: 'Headers of SIP messages ignored: malformed, repeated or too long, and not needed',
      registers,
    }),
    withheld: new Counter({
      name: 'hotdesk_sip_withheld_responses_total',
      help: 'Responses, and requests in unacknowledged calls, not sent because the UDP source may be forged and sent too few bytes',
      registers,
    }),
    rememberedSources: new Gauge({
      name: 'hotdesk_sip_remembered_sources',
      help: 'Entries in the tables of SIP sources; each table is bounded',
      registers,
    }),
    refusedConnections: new Counter({
      name: 'hotdesk_sip_refused_connections_total',
      help: 'Connections closed because of a limit or a failed TLS handshake',
      registers,
    }),
    faults: new Counter({ name: 'hotdesk_sip_faults_total', help: 'Faults inside the SIP server, each of one message', registers }),
    restarts: new Counter({ name: 'hotdesk_sip_restarts_total', help: 'Threads of the SIP server that died and were replaced', registers }),
    transactions: new Gauge({
      name: 'hotdesk_sip_transactions',
      help: 'SIP transactions, by side: server or client',
      labelNames: ['side'],
      registers,
    }),
    connections: new Gauge({ name: 'hotdesk_sip_connections', help: 'TCP, TLS and WebSocket connections', registers }),
    dialogs: new Gauge({ name: 'hotdesk_sip_dialogs', help: 'SIP dialogs: two for each call', registers }),
    ...linkMetrics(registers),
    bannedSources: new Gauge({ name: 'hotdesk_sip_banned_sources', help: 'Addresses banned now', registers }),
    certificateExpiry: new Gauge({
      name: 'hotdesk_sip_certificate_expiry_timestamp_seconds',
      help: 'Expiry of the TLS certificate, seconds since 1970; 0 without one',
      registers,
    }),
    overloaded: new Gauge({ name: 'hotdesk_sip_overloaded', help: '1 while requests are refused because too many are waiting', registers }),
  }
}
