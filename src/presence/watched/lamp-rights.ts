import type { Clock } from '../../base/clock.js'
import type { LivePlan } from '../../dialplan/dialplan.js'
import type { Directory } from '../../directory/directory.js'
import type { LampState } from './lamp-state.js'
import type { Watcher } from './states.js'
import type { Watched } from './watched.js'

/** What a phone may watch, by the rights that its user has at this site now. */
export interface LampRights {
  mayWatch(watched: Watched, by: Watcher): boolean
  /** The state without what the user may not see. */
  shown(state: LampState, by: Watcher): LampState
}

export interface LampRightsNeeds {
  readonly plan: Pick<LivePlan, 'current'>
  readonly directory: Pick<Directory, 'user'>
  readonly clock: Pick<Clock, 'now'>
}

/** A phone where nobody is logged in watches its own codes alone: anybody may stand at it. */
export function createLampRights({ plan, directory, clock }: LampRightsNeeds): LampRights {
  function rightOf({ user }: Watcher): 'none' | 'state' | 'caller' {
    const known = user && directory.user(user)
    // The owner of the phone, whom no logout ends.
    return known?.enabled ? plan.current.rights.inForce(known, clock.now()).rights.lamps : 'none'
  }

  return {
    mayWatch(watched, by) {
      if (watched.kind === 'seat' || watched.kind === 'do-not-disturb' || watched.kind === 'forward') return true
      return (watched.kind === 'user' && watched.user === by.user) || rightOf(by) !== 'none'
    },
    shown(state, by) {
      if (!state.call?.caller || rightOf(by) === 'caller') return state
      return { ...state, call: { ...state.call, caller: null } }
    },
  }
}
