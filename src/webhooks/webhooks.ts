import type { Clock } from '../base/clock.js'
import type { NodeName } from '../base/identity.js'
import type { Logger } from '../base/logger.js'
import { fromZero, type Metrics } from '../base/metrics.js'
import type { Directory } from '../directory/directory.js'
import type { Replica, Store } from '../store/store.js'
import { createDelivery, progressKey } from './delivery.js'
import { type Hook, type HookSettings, hookOf, isWanted } from './hook.js'

/** Posts the events of the network to the receivers in the configuration. */
export interface Webhooks {
  /** Receivers that do not accept events, as sentences. */
  warnings(): readonly string[]
  close(): Promise<void>
}

export interface WebhooksNeeds {
  readonly store: Store
  readonly directory: Pick<Directory, 'nodes'>
  readonly settings: readonly HookSettings[]
  readonly node: NodeName
  /** Names of all events: a pattern that fits none is a mistake. */
  readonly events: readonly string[]
  readonly clock: Clock
  readonly log: Logger
  readonly metrics: Pick<Metrics, 'webhookPostsTotal'>
}

/** The ids of the receivers, which a node announces with its heartbeats. */
export function hookIds(settings: readonly HookSettings[]): readonly string[] {
  return settings.map((each) => hookOf(each).id)
}

export function createWebhooks({ settings, events, ...needs }: WebhooksNeeds): Webhooks {
  const { directory, node, store } = needs
  const hooks = settings.map(hookOf)
  fromZero(
    needs.metrics.webhookPostsTotal,
    (['delivered', 'failed'] as const).map((outcome) => ({ outcome })),
  )
  const deliveries = hooks.map((hook) => ({
    name: hook.name,
    delivery: createDelivery(hook, { ...needs, isOwner: () => ownerOf(hook, directory) === node }),
  }))
  return {
    warnings: () => [
      ...hooks.flatMap((hook) => [...misprints(hook, events), ...failure(hook, store)]),
      ...deliveries.flatMap(({ name, delivery: { trouble } }) =>
        trouble === null ? [] : [`webhook ${name}: events wait in Redis: ${trouble}`],
      ),
    ],
    async close() {
      await Promise.all(deliveries.map(({ delivery }) => delivery.close()))
    },
  }
}

/** The first of the live nodes that have this receiver. Every node answers the same; for moments two may differ, and an event is posted twice. */
function ownerOf({ id }: Hook, { nodes }: Pick<Directory, 'nodes'>): NodeName | null {
  const names = nodes().flatMap(({ name, webhooks }) => (webhooks.includes(id) ? [name] : []))
  return names.toSorted()[0] ?? null
}

function misprints({ name, events: patterns }: Hook, events: readonly string[]): readonly string[] {
  return patterns
    .filter((pattern) => !events.some((event) => isWanted(event, [pattern])))
    .map((pattern) => `webhook ${name}: there is no event "${pattern}"`)
}

/** Every node knows it from Redis, not only the one that posts. */
function failure(hook: Hook, { replica, clock }: { readonly replica: Replica; readonly clock: Clock }): readonly string[] {
  const progress = replica.hash(progressKey(hook))
  const since = Number(progress?.get('failing') ?? '')
  if (since === 0) return []
  const seconds = Math.max(Math.round(clock.now() / 1_000) - since, 0)
  return [`webhook ${hook.name} has accepted no event for ${seconds} s: ${progress?.get('reason') ?? ''}; they are posted later`]
}
