import { Counter, Gauge, type Registry } from 'prom-client'

/** Counts of the embedded SIP server. */
export function sipMetrics(registers: [Registry]) {
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
