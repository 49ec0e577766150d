import { type AutomaticLogoutNeeds, createAutomaticLogout } from './automatic-logout.js'
import { createEditRefresh } from './edit-refresh.js'
import { homeRule } from './home-site-rule.js'
import { type AutomaticLogout, siteRule } from './logout-due.js'
import { createRecordWatch, type RecordWatchNeeds } from './record-watch.js'
import { createRepair } from './repair.js'
import { createRetention, type RetentionNeeds } from './retention.js'
import { createSiteWatch } from './site-watch.js'
import { createTransitionCount } from './transition-count.js'

export interface ReconcilerNeeds extends RecordWatchNeeds, RetentionNeeds, Omit<AutomaticLogoutNeeds, 'rules'> {
  readonly automaticLogout: () => AutomaticLogout | null
}

/** The background work on assignments and events. */
export function createReconciler({ automaticLogout, ...needs }: ReconcilerNeeds): { close(): void } {
  const home = homeRule(needs.directory)
  const rules = [home, siteRule(automaticLogout)]
  const parts = [
    createRepair(needs),
    createEditRefresh(needs),
    createRecordWatch(needs),
    createRetention(needs),
    createSiteWatch(needs),
    createTransitionCount(needs),
    createAutomaticLogout({ ...needs, rules }),
    home,
  ]
  return {
    close() {
      for (const part of parts) part.close()
    },
  }
}
