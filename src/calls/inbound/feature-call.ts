import type { DeviceId, Extension } from '../../base/identity.js'
import type { Language } from '../../base/language.js'
import type { IncomingInvite } from '../../srf/srf.js'
import type { Activity } from '../activity.js'
import type { SiteMenuPort } from '../breakout/break-out-menu.js'
import type { Call } from '../call.js'
import type { HoldPort } from '../features/park.js'
import type { ParkPort } from '../features/parked-invite.js'
import type { FeatureAnswer, UseFeature } from '../features/user-features.js'
import type { OwnVoice } from '../own/own-calls.js'
import type { DestinationOf, Dialler } from '../routing/contract.js'
import type { AnnouncementPort } from '../spoken-refusal.js'

/** What the IVR does for a call. Each resolves when its call has ended. */
export interface IvrPort extends AnnouncementPort, HoldPort, ParkPort, SiteMenuPort, OwnVoice {
  login(invite: IncomingInvite, device: DeviceId, extension: Extension | null): Promise<void>
  logout(invite: IncomingInvite, device: DeviceId): Promise<void>
  logoutEverywhere(invite: IncomingInvite, device: DeviceId, extension: Extension | null): Promise<void>
  /** Announcement, then 480. */
  pleaseLogIn(invite: IncomingInvite): Promise<void>
  /** Answers, and says what came of it. */
  say(invite: IncomingInvite, language: Language | null, decide: () => Promise<FeatureAnswer>): Promise<void>
}

export interface FeatureCallNeeds {
  readonly ivr: IvrPort
  readonly useFeature: UseFeature
  readonly activity: Pick<Activity, 'begin'>
}

/** Connects a phone to the IVR. Resolves when the call has ended. */
export type FeatureCalls = (
  call: Call,
  { device, user }: Dialler,
  to: DestinationOf<'login' | 'logout' | 'logout-everywhere' | 'please-log-in' | 'feature'>,
) => Promise<void>

/** The phone counts as busy with a feature code, but no pending logout waits for it. */
export function createFeatureCalls({ ivr, useFeature, activity }: FeatureCallNeeds): FeatureCalls {
  function run(call: Call, { device: { id }, user }: Dialler, to: Parameters<FeatureCalls>[2]): Promise<void> {
    const { invite } = call
    if (to.kind === 'login') return ivr.login(invite, id, to.extension)
    if (to.kind === 'logout') return ivr.logout(invite, id)
    if (to.kind === 'logout-everywhere') return ivr.logoutEverywhere(invite, id, to.extension)
    return to.kind === 'feature' && user ? ivr.say(invite, user.language, () => useFeature(call, user, to)) : ivr.pleaseLogIn(invite)
  }

  return async (call, dialler, to) => {
    const device = dialler.device.id
    const end = activity.begin({ device, kind: 'feature', hangUp: () => undefined })
    try {
      await run(call, dialler, to)
    } catch (fault) {
      call.log.error({ event: 'call.fault', err: fault }, 'the feature code failed')
      call.invite.respond(500)
    } finally {
      end()
      call.log.info({ event: 'call.ended', device, reason: to.kind }, `ended: ${to.kind}`)
    }
  }
}
