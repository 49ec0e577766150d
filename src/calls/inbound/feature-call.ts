import type { DeviceId, Extension } from '../../base/identity.js'
import type { IncomingInvite } from '../../srf/srf.js'
import type { Activity } from '../activity.js'
import type { Call } from '../call.js'
import type { DestinationOf } from '../routing/contract.js'
import type { AnnouncementPort } from '../spoken-refusal.js'

/** What the IVR does for a call. Each resolves when its call has ended. */
export interface IvrPort extends AnnouncementPort {
  login(invite: IncomingInvite, device: DeviceId, extension: Extension | null): Promise<void>
  logout(invite: IncomingInvite, device: DeviceId): Promise<void>
  /** Announcement, then 480. */
  pleaseLogIn(invite: IncomingInvite): Promise<void>
}

export interface FeatureCallNeeds {
  readonly ivr: IvrPort
  readonly activity: Pick<Activity, 'begin'>
}

/** Connects a phone to the IVR. Resolves when the call has ended. */
export type FeatureCalls = (call: Call, device: DeviceId, to: DestinationOf<'login' | 'logout' | 'please-log-in'>) => Promise<void>

/** The phone counts as busy with a feature code, but no pending logout waits for it. */
export function createFeatureCalls({ ivr, activity }: FeatureCallNeeds): FeatureCalls {
  function run({ invite }: Call, device: DeviceId, to: Parameters<FeatureCalls>[2]): Promise<void> {
    if (to.kind === 'login') return ivr.login(invite, device, to.extension)
    return to.kind === 'logout' ? ivr.logout(invite, device) : ivr.pleaseLogIn(invite)
  }

  return async (call, device, to) => {
    const end = activity.begin({ device, kind: 'feature', hangUp: () => undefined })
    try {
      await run(call, device, to)
    } catch (fault) {
      call.log.error({ event: 'call.fault', err: fault }, 'the feature code failed')
      call.invite.respond(500)
    } finally {
      end()
      call.log.info({ event: 'call.ended', device, reason: to.kind }, `ended: ${to.kind}`)
    }
  }
}
