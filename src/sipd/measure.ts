import type { Metrics } from '../base/metrics.js'
import type { Sipd, SipdCounts } from './contract.js'

/** Updates the metrics with the server's counts at each scrape. While the server does not respond, they do not change. */
export function measureSipd(sipd: Pick<Sipd, 'counts'>, { sip, beforeReading }: Pick<Metrics, 'sip' | 'beforeReading'>): void {
  beforeReading(async () => {
    const counts = await sipd.counts()
    if (counts) show(counts, sip)
  })
}

function show(counts: SipdCounts, sip: Metrics['sip']): void {
  const { messages, retransmissions, discarded, transactions } = sip
  sum(messages, { kind: 'request' }, counts.requests)
  sum(messages, { kind: 'response' }, counts.responses)
  sum(retransmissions, { direction: 'received' }, counts.absorbed)
  sum(retransmissions, { direction: 'sent' }, counts.repeated)
  sum(discarded, { reason: 'malformed' }, counts.malformed)
  sum(discarded, { reason: 'merged' }, counts.merged)
  sum(discarded, { reason: 'overload' }, counts.refused)
  sum(discarded, { reason: 'shed' }, counts.shed)
  sum(discarded, { reason: 'banned' }, counts.dropped)
  sum(discarded, { reason: 'challenged' }, counts.challenged)
  sum(discarded, { reason: 'too-large' }, counts.tooLarge)
  sum(discarded, { reason: 'stray' }, counts.strayResponses)
  sum(sip.headersLeftOut, {}, counts.leftOut)
  sum(sip.refusedConnections, {}, counts.refusedConnections)
  sum(sip.faults, {}, counts.faults)
  sum(sip.resumptions, {}, counts.resumptions)
  sum(sip.restarts, {}, counts.restarts)
  transactions.set({ side: 'server' }, counts.serverTransactions)
  transactions.set({ side: 'client' }, counts.clientTransactions)
  sip.connections.set(counts.connections)
  sip.dialogs.set(counts.dialogs)
  sum(discarded, { reason: 'ignored' }, counts.ignored)
  sum(sip.withheld, {}, counts.withheld)
  sip.rememberedSources.set(counts.remembered)
  sip.unreadBytes.set(counts.unread)
  sip.bannedSources.set(counts.bans)
  sip.overloaded.set(counts.isOverloaded ? 1 : 0)
}

interface Summing<Labels> {
  remove(labels: Labels): void
  inc(labels: Labels, value: number): void
}

/** Sets a counter to a sum that is kept elsewhere. After a restart of the server it starts again at 0, which Prometheus handles. */
function sum<Labels>(counter: Summing<Labels>, labels: Labels, value: number): void {
  counter.remove(labels)
  counter.inc(labels, value)
}
