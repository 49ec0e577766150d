import type { Metrics } from '../base/metrics.js'
import type { FastifyInstance } from '../http/http.js'

/** Why the node should not get calls now, as sentences; empty if it is ready. */
export type Readiness = () => readonly string[]

export interface ConsoleNeeds {
  readonly metrics: Metrics
  readonly readiness: Readiness
  /** Conditions that may soon make the node unready, as sentences. */
  readonly warnings?: Readiness
  /** Identifies the node to commands on the same host. */
  readonly identity?: Readonly<Record<string, string>>
}

/** Routes for monitors: liveness, readiness and metrics. */
export function addConsole(router: FastifyInstance, { metrics, readiness, warnings = () => [], identity = {} }: ConsoleNeeds): void {
  router.get('/healthz', () => ({ status: 'alive', ...identity }))
  router.get('/readyz', (_request, reply) => {
    const reasons = readiness()
    const status = reasons.length === 0 ? 'ready' : 'not ready'
    const current = warnings()
    return reply.code(reasons.length === 0 ? 200 : 503).send({ status, reasons, ...(current.length > 0 ? { warnings: current } : {}) })
  })
  router.get('/metrics', async (_request, reply) => reply.type(metrics.registry.contentType).send(await metrics.text()))
}
