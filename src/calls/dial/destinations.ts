import type { Clock } from '../../base/clock.js'
import { createBreakOutDial, type DialBreakOut } from '../breakout/break-out-call.js'
import { type BreakOutMenu, createBreakOutMenu } from '../breakout/break-out-menu.js'
import type { Connect } from '../bridge/connect.js'
import type { DialEmergency } from '../emergency/emergency-call.js'
import { createPark, type Park } from '../features/park.js'
import { createPickUp, type PickUp } from '../features/pick-up.js'
import type { WritableUserCalls } from '../lamps/user-calls.js'
import type { Lifecycle } from '../lifecycle.js'
import type { Limits } from '../limits/limits.js'
import type { NodeParts } from '../node-parts.js'
import { createSpokenRefusals, type SpokenRefusals } from '../spoken-refusal.js'
import type { OutsideCalls } from './outside-call.js'
import type { Ways } from './ways.js'

/** What the parts do that each carry one kind of call. */
export interface Destinations {
  readonly outsideCalls: OutsideCalls
  readonly dialEmergency: DialEmergency
  readonly dialBreakOut: DialBreakOut
  readonly breakOutMenu: BreakOutMenu
  readonly pickUp: PickUp
  readonly park: Park
  readonly spokenRefusals: SpokenRefusals
}

export interface DestinationsNeeds {
  readonly parts: Pick<NodeParts, 'srf' | 'ivr'>
  readonly ways: Ways
  readonly lifecycle: Pick<Lifecycle, 'newCall' | 'record'>
  readonly dialEmergency: DialEmergency
  readonly connect: Connect
  readonly limits: Pick<Limits, 'counted'>
  readonly userCalls: Pick<WritableUserCalls, 'park'>
  readonly domain: string
  readonly clock: Clock
}

export function createDestinations({ parts, ways, lifecycle, ...needs }: DestinationsNeeds): Destinations {
  const spokenRefusals = createSpokenRefusals(parts.ivr)
  return {
    outsideCalls: ways.outsideCalls,
    dialEmergency: needs.dialEmergency,
    dialBreakOut: createBreakOutDial({ ...parts, ...ways, spokenRefusals }),
    breakOutMenu: createBreakOutMenu({ ...parts, ...lifecycle, ...needs }),
    park: createPark({ ...parts, ...ways, ...needs, spokenRefusals }),
    pickUp: createPickUp({ ...parts, ...ways, ...needs, spokenRefusals }),
    spokenRefusals,
  }
}
