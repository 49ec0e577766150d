import { type Clock, every } from '../../base/clock.js'
import { isAppError } from '../../base/errors.js'
import type { SiteName } from '../../base/identity.js'
import type { Logger } from '../../base/logger.js'
import type { Directory } from '../../directory/directory.js'
import type { Store } from '../../store/store.js'
import { readLoss } from './logout-replies.js'

export interface SiteWatchNeeds {
  readonly store: Store
  readonly directory: Directory
  readonly clock: Clock
  readonly log: Logger
}

const roundMs = 5_000
/** A node that is started anew, or a single missed heartbeat, is no loss: a site without a node for a minute is. */
const patience = 12

/** Sees when all nodes of a site are gone, and writes it into the site's record; that one is back, its heartbeat writes itself. */
export function createSiteWatch({ store, directory, clock, log }: SiteWatchNeeds): { close(): void } {
  /** Rounds that have found no node of the site. */
  const empty = new Map<SiteName, number>()
  /** As the log has said it. */
  const told = new Map<SiteName, 'lost' | 'there'>()

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
    readLoss(await store.call('hotdesk_site_lost', site))
  }

  function tell(site: SiteName): void {
    const record = directory.site(site)
    if (record === null) {
      forget(site)
      return
    }
    const now = record.lost === null ? 'there' : 'lost'
    const before = told.get(site) ?? 'there'
    told.set(site, now)
    if (now === before) return
    if (now === 'lost') log.warn({ event: 'site.lost', site }, `no node of ${site} lives; its people stay logged in at other sites`)
    else log.info({ event: 'site.back', site }, `a node of ${site} lives again`)
  }

  /** That its record is removed says nothing of its nodes. */
  function forget(site: SiteName): void {
    empty.delete(site)
    told.delete(site)
  }

  const rounds = every(clock, roundMs, round, (fault) => {
    if (!isAppError(fault, 'STORE_UNAVAILABLE')) log.error({ event: 'node.fault', err: fault }, 'the loss of a site cannot be written down')
  })
  const stop = directory.onSiteChange(tell)
  for (const { id } of directory.sites()) tell(id)

  return {
    close() {
      rounds.cancel()
      stop()
    },
  }
}
