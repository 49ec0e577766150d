import type { OwnVoice, PlaceOwnCall } from '../own/own-calls.js'
import { createDeskCalls, type DeskCallNeeds, type DeskCalls, type DeskWays } from './desk-call.js'
import { createDeskNotice, type DeskNotice, type DeskNoticeNeeds } from './desk-notice.js'

/** What informs the desk of the site about emergency calls, and the parts of that which other nodes ask for. */
export interface EmergencyDesk extends DeskNotice, Pick<DeskCalls, 'ring'> {}

export interface EmergencyDeskNeeds extends Omit<DeskNoticeNeeds, 'deskCalls' | 'hotdesk'>, Pick<DeskCallNeeds, 'at'> {
  readonly own: DeskWays & { readonly placeOwnCall: PlaceOwnCall; readonly voice: Pick<OwnVoice, 'clip' | 'recording'> }
  readonly hotdesk: DeskNoticeNeeds['hotdesk'] & DeskCallNeeds['hotdesk']
}

export function createEmergencyDesk({ own, ...needs }: EmergencyDeskNeeds): EmergencyDesk {
  const deskCalls = createDeskCalls({ ...needs, ...own, ways: own })
  return { ...createDeskNotice({ ...needs, deskCalls }), ring: deskCalls.ring }
}
