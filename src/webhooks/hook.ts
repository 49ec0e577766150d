import { createHash } from 'node:crypto'
import type { Config } from '../config/config.js'

export type HookSettings = Config['webhooks'][number]

/** A receiver of events. */
export interface Hook extends HookSettings {
  /** Follows from the URL, so that all nodes with this receiver share its progress. */
  readonly id: string
  /** For logs and warnings: the URL may hold a token. */
  readonly name: string
}

export function hookOf(settings: HookSettings): Hook {
  const url = settings.url.reveal()
  const id = createHash('sha256').update(url).digest('hex').slice(0, 12)
  return { ...settings, id, name: `${new URL(url).host} (${id.slice(0, 4)})` }
}

/** A pattern is an event, or the beginning of some events followed by `*`. */
export function isWanted(event: string, patterns: readonly string[]): boolean {
  return patterns.some((pattern) => (pattern.endsWith('*') ? event.startsWith(pattern.slice(0, -1)) : event === pattern))
}
