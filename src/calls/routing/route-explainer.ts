import type { Clock } from '../../base/clock.js'
import type { Extension, NodeName } from '../../base/identity.js'
import type { Logger } from '../../base/logger.js'
import type { Dialplan } from '../../dialplan/dialplan.js'
import type { Device, Directory, User } from '../../directory/directory.js'
import { createAssignments } from '../../hotdesk/hotdesk.js'
import { type Registrar, registrationsIn } from '../../registrar/registrar.js'
import type { NetworkClock, Replica } from '../../store/store.js'
import { callbackDeviceIn } from '../emergency/psap-callback.js'
import { diallerOn } from '../inbound/caller.js'
import { usageIn } from '../limits/outside-usage.js'
import type { Dialler, Knowledge, Question } from './contract.js'
import { type Explanation, explain } from './explain.js'
import { shownDigits } from './shown-digits.js'

/** Explains how calls are routed. */
export interface RouteExplainer extends Pick<Registrar, 'bindingsOf'> {
  /** Where the call would go right now, by the same rules as real calls. */
  explain(question: Question, at: WhyContext): Explanation
  /** Null for digits that may be a PIN, because they lead nowhere. */
  shown(digits: string, at: WhyContext): string | null
  diallerOn(device: Device): Dialler
  /** The phones where the user is logged in. */
  phonesOf(user: User): readonly Device[]
}

/** The node that the call arrives at, and the dial plan of its site. */
export interface WhyContext {
  readonly node: NodeName
  readonly dialplan: Dialplan
}

export interface RouteExplainerNeeds {
  readonly replica: Replica
  readonly directory: Directory
  readonly clock: Clock
  readonly networkClock: NetworkClock
  readonly log: Logger
}

/**
 * For a command that has the copy of Redis but no SIP. Only a running node knows which trunks are down, so trunks keep the order of the dial
 * plan here, and the node that registers counts as registered.
 */
export function createRouteExplainer(needs: RouteExplainerNeeds): RouteExplainer & { close(): void } {
  const { replica, directory, clock, networkClock, log } = needs
  const hotdesk = createAssignments({ replica, log })
  const registrar = registrationsIn({ replica, clock, networkClock })
  const common: Omit<Knowledge, keyof WhyContext> = {
    directory,
    hotdesk,
    registrar,
    psapCallbacks: { deviceOf: (number) => callbackDeviceIn(replica, number) },
    trunks: { order: (trunks) => trunks, isUp: () => true, isRegistered: () => false },
    usage: { of: (subject, moment) => usageIn(replica, directory, { subject, moment }) },
    clock: networkClock,
  }
  return { ...explainerWith(common), close: hotdesk.close }
}

/** The same from what a running node knows. */
export function explainerWith(common: Omit<Knowledge, keyof WhyContext>): RouteExplainer {
  const { directory, hotdesk, registrar } = common
  return {
    explain: (question, at) => explain(question, { ...common, ...at }),
    shown: (digits, { dialplan }) => shownDigits(digits, { dialplan, directory }),
    diallerOn: (device) => diallerOn(device, common),
    phonesOf: ({ extension }: { readonly extension: Extension }) =>
      hotdesk.devicesOf(extension).flatMap((id) => directory.device(id) ?? []),
    bindingsOf: registrar.bindingsOf,
  }
}
