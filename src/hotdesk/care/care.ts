import { type AutomaticLogoutNeeds, createAutomaticLogout } from './automatic-logout.js'
import { createCaretaker } from './caretaker.js'
import type { AutomaticLogout } from './due.js'
import { createRecordWatch, type RecordWatchNeeds } from './record-watch.js'

export interface CareNeeds extends RecordWatchNeeds, Omit<AutomaticLogoutNeeds, 'automaticLogout'> {
  /** Left out: nobody is logged out by time. */
  readonly automaticLogout?: AutomaticLogout | null
}

/** Everything that this node does to assignments without being asked. */
export function createCare({ automaticLogout, ...needs }: CareNeeds): { close(): void } {
  const parts = [
    createCaretaker(needs),
    createRecordWatch(needs),
    ...(automaticLogout ? [createAutomaticLogout({ ...needs, automaticLogout })] : []),
  ]
  return {
    close() {
      for (const part of parts) part.close()
    },
  }
}
