import type { FastifyInstance } from 'fastify'
import type { Metrics } from '../base/metrics.js'

/** Why the node should get no calls at the moment, in words; empty: it may. */
export type Readiness = () => readonly string[]

export interface HealthNeeds {
  readonly metrics: Metrics
  readonly readiness: Readiness
  /** What may keep the node from its work soon, in words. */
  readonly warnings?: Readiness
  /** Which node this is, for commands on its machine. */
  readonly identity?: Readonly<Record<string, string>>
}

/** For whoever watches the node: does the process live, may it take calls, what does it count. */
export function healthRoutes(server: FastifyInstance, { metrics, readiness, warnings = () => [], identity = {} }: HealthNeeds): void {
  server.get('/healthz', () => ({ status: 'alive', ...identity }))
  server.get('/readyz', (_request, reply) => {
    const reasons = readiness()
    const status = reasons.length === 0 ? 'ready' : 'not ready'
    const found = warnings()
    return reply.code(reasons.length === 0 ? 200 : 503).send({ status, reasons, ...(found.length > 0 ? { warnings: found } : {}) })
  })
  server.get('/metrics', async (_request, reply) => reply.type(metrics.registry.contentType).send(await metrics.text()))
}
