import { type AutomaticLogoutNeeds, createAutomaticLogout } from './automatic-logout.js'
import { createCaretaker } from './caretaker.js'
import type { AutomaticLogout } from './due.js'
import { createRecordWatch, type RecordWatchNeeds } from './record-watch.js'
import { createRetention, type RetentionNeeds } from './retention.js'

export interface CareNeeds extends RecordWatchNeeds, RetentionNeeds, Omit<AutomaticLogoutNeeds, 'automaticLogout'> {
  /** Left out: nobody is logged out by time. */
  readonly automaticLogout?: AutomaticLogout | null
}

/** Everything that this node does to assignments and events without being asked. */
export function createCare({ automaticLogout, ...needs }: CareNeeds): { close(): void } {
  const parts = [
    createCaretaker(needs),
    createRecordWatch(needs),
    createRetention(needs),
    ...(automaticLogout ? [createAutomaticLogout({ ...needs, automaticLogout })] : []),
  ]
  return {
    close() {
      for (const part of parts) part.close()
    },
  }
}
