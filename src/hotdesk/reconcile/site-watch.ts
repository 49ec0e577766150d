import { type Clock, every } from '../../base/clock.js'
import { isAppError } from '../../base/errors.js'
import type { SiteName } from '../../base/identity.js'
import type { Logger } from '../../base/logger.js'
import type { Directory } from '../../directory/directory.js'
import type { Store } from '../../store/store.js'
import { readSiteLost } from './logout-replies.js'

export interface SiteWatchNeeds {
  readonly store: Store
  readonly directory: Directory
  readonly clock: Clock
  readonly log: Logger
}

const roundMs = 5_000
/** Rounds without a node before a site is lost: one minute. A restart, or a missed heartbeat, is not a loss. */
const patience = 12

/** Writes the loss of all nodes of a site to the site's record. The heartbeat of a node that is back removes it. */
export function createSiteWatch({ store, directory, clock, log }: SiteWatchNeeds): { close(): void } {
  /** Number of rounds without a node of the site. */
  const empty = new Map<SiteName, number>()
  /** The state that was logged last. */
  const logged = new Map<SiteName, 'lost' | 'there'>()

  async function round(): Promise<void> {
    if (store.state === 'lost') return empty.clear()
    const alive = new Set(directory.nodes().map(({ site }) => site))
    for (const { id, lost } of directory.sites()) {
      const rounds = alive.has(id) || lost !== null ? 0 : (empty.get(id) ?? 0) + 1
      empty.set(id, rounds)
      if (rounds >= patience) await report(id)
    }
  }

  async function report(site: SiteName): Promise<void> {
    empty.delete(site)
    readSiteLost(await store.call('hotdesk_site_lost', site))
  }

  function logState(site: SiteName): void {
    const record = directory.site(site)
    if (record === null) {
      forget(site)
      return
    }
    const now = record.lost === null ? 'there' : 'lost'
    const before = logged.get(site) ?? 'there'
    logged.set(site, now)
    if (now === before) return
    if (now === 'lost') log.warn({ event: 'site.lost', site }, `no node of ${site} is alive; its users stay logged in at other sites`)
    else log.info({ event: 'site.back', site }, `a node of ${site} is alive again`)
  }

  /** The removal of a site's record is neither a loss nor a return. */
  function forget(site: SiteName): void {
    empty.delete(site)
    logged.delete(site)
  }

  const rounds = every(clock, roundMs, round, (fault) => {
    if (!isAppError(fault, 'STORE_UNAVAILABLE')) log.error({ event: 'node.fault', err: fault }, 'the loss of a site cannot be recorded')
  })
  const stop = directory.onSiteChange(logState)
  for (const { id } of directory.sites()) logState(id)

  return {
    close() {
      rounds.cancel()
      stop()
    },
  }
}
