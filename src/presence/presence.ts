import type { Clock, Milliseconds } from '../base/clock.js'
import type { NodeName } from '../base/identity.js'
import type { Language } from '../base/language.js'
import type { Logger } from '../base/logger.js'
import type { Metrics } from '../base/metrics.js'
import type { LivePlan } from '../dialplan/dialplan.js'
import type { Directory } from '../directory/directory.js'
import type { Hotdesk } from '../hotdesk/hotdesk.js'
import type { Registrar } from '../registrar/registrar.js'
import type { SipApplication } from '../srf/srf.js'
import type { Store } from '../store/store.js'
import { type CallSource, createCallLamps } from './lamps/call-lamps.js'
import { createSubscriptions } from './subscriptions/subscriptions.js'
import { createLampRights } from './watched/lamp-rights.js'
import { createStates, type Watcher } from './watched/states.js'

export interface PresenceNeeds {
  readonly srf: SipApplication
  readonly registrar: Registrar
  readonly directory: Directory
  readonly hotdesk: Hotdesk
  readonly plan: LivePlan
  readonly store: Store
  /** The calls at this node, by extension. */
  readonly calls: CallSource
  readonly node: NodeName
  readonly domain: string
  readonly clock: Clock
  readonly log: Logger
  readonly metrics: Metrics
}

/** Lamps: what phones watch of users, phones and features, and what they are sent. */
export interface Presence {
  close(): void
}

/** Changes of this period are looked at together: a reload, or an import of many records. */
const gatherMs: Milliseconds = 500

/** The lamps follow the user. The subscriptions of a phone to them end when its user changes; those to its own codes go on. */
export function createPresence(needs: PresenceNeeds): Presence {
  const { hotdesk, registrar, plan, directory, clock } = needs
  const calls = createCallLamps(needs)
  const states = createStates({ ...needs, calls })
  const rights = createLampRights(needs)
  const subscriptions = createSubscriptions({ ...needs, states, rights, languageOf })
  let soon: { cancel(): void } | null = null

  function languageOf({ user }: Watcher): Language {
    return (user && directory.user(user)?.language) ?? plan.current.language ?? 'en'
  }

  function lookSoon(): void {
    soon ??= clock.after(gatherMs, () => {
      soon = null
      subscriptions.lookAtAll()
    })
  }

  const stops = [
    hotdesk.onChange(({ device }) => subscriptions.endOf(device, ({ watched }) => watched.kind !== 'seat')),
    registrar.onRegistered((device) => subscriptions.resume(device)),
    registrar.onUnregistered((device) => subscriptions.endOf(device, () => true)),
    plan.onChange(lookSoon),
    directory.onDeviceChange(lookSoon),
  ]
  return {
    close() {
      soon?.cancel()
      for (const stop of stops) stop()
      subscriptions.close()
      states.close()
      calls.close()
    },
  }
}
