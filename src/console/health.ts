import type { FastifyInstance } from 'fastify'
import type { Metrics } from '../base/metrics.js'

/** Why the node should not get calls now, as sentences; empty if it is ready. */
export type Readiness = () => readonly string[]

export interface HealthNeeds {
  readonly metrics: Metrics
  readonly readiness: Readiness
  /** Conditions that may soon make the node unready, as sentences. */
  readonly warnings?: Readiness
  /** Identifies the node to commands on the same host. */
  readonly identity?: Readonly<Record<string, string>>
}

/** Routes for monitors: liveness, readiness and metrics. */
export function healthRoutes(server: FastifyInstance, { metrics, readiness, warnings = () => [], identity = {} }: HealthNeeds): void {
  server.get('/healthz', () => ({ status: 'alive', ...identity }))
  server.get('/readyz', (_request, reply) => {
    const reasons = readiness()
    const status = reasons.length === 0 ? 'ready' : 'not ready'
    const current = warnings()
    return reply.code(reasons.length === 0 ? 200 : 503).send({ status, reasons, ...(current.length > 0 ? { warnings: current } : {}) })
  })
  server.get('/metrics', async (_request, reply) => reply.type(metrics.registry.contentType).send(await metrics.text()))
}
