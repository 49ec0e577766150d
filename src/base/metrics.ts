import { type Counter, collectDefaultMetrics, Registry } from 'prom-client'
import { callMetrics } from './metrics/call-metrics.js'
import { emergencyMetrics } from './metrics/emergency-metrics.js'
import { integrityMetrics } from './metrics/integrity-metrics.js'
import { phoneMetrics } from './metrics/phone-metrics.js'
import { sipMetrics } from './metrics/sip-metrics.js'
import { storeMetrics } from './metrics/store-metrics.js'
import { trunkMetrics } from './metrics/trunk-metrics.js'
import { webhookMetrics } from './metrics/webhook-metrics.js'

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
    ...callMetrics(registers),
    ...phoneMetrics(registers),
    ...trunkMetrics(registers),
    ...storeMetrics(registers),
    ...webhookMetrics(registers),
    ...emergencyMetrics(registers),
    ...integrityMetrics(registers),
  }
}

/** Sets a counter to 0 for each label: an alert on an increase does not see a series that begins at 1. */
export function fromZero<Label extends string>(counter: Counter<Label>, labels: readonly Readonly<Record<Label, string>>[]): void {
  for (const each of labels) counter.inc(each, 0)
}
