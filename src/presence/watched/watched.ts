import { type DeviceId, type Extension, parseDeviceId } from '../../base/identity.js'
import { type LivePlan, orbitLamp, type Route } from '../../dialplan/dialplan.js'
import type { Directory, Forwards } from '../../directory/directory.js'

/** What an address stands for. */
export type Watched =
  | { readonly kind: 'user'; readonly user: Extension }
  | { readonly kind: 'device'; readonly device: DeviceId }
  /** Whether somebody is logged in at the phone that asks: its login and logout codes. */
  | { readonly kind: 'seat' }
  /** Features of the user of the phone that asks. */
  | { readonly kind: 'do-not-disturb' }
  | { readonly kind: 'forward'; readonly when: keyof Forwards; readonly numbers: readonly string[] }
  /** Whether a call is parked there. */
  | { readonly kind: 'orbit'; readonly lamp: string }
  /** All lamps of the user of the phone that asks, in one subscription (RFC 4662). */
  | { readonly kind: 'list' }

export interface WatchedNeeds {
  readonly plan: Pick<LivePlan, 'current'>
  readonly directory: Pick<Directory, 'user' | 'device'>
}

/** The user part of the list of lamps. No extension or code is a word. */
const listName = 'lamps'

/** What the user part of an address stands for at this site, by the meaning that it has when it is dialled. Null: nothing that has a lamp. */
export function watchedAt(digits: string, { plan, directory }: WatchedNeeds): Watched | null {
  if (digits === listName) return { kind: 'list' }
  const device = parseDeviceId(digits)
  if (device !== null) return directory.device(device) ? { kind: 'device', device } : null
  const route = plan.current.emergency(digits) === null ? plan.current.route(digits) : null
  if (route?.kind === 'login') return route.extension === null ? { kind: 'seat' } : null
  if (route?.kind === 'logout') return { kind: 'seat' }
  if (route?.kind === 'feature') return ofFeature(route, { plan, directory })
  return route?.kind === 'user' && directory.user(route.extension) ? { kind: 'user', user: route.extension } : null
}

function ofFeature({ feature, argument }: Extract<Route, { kind: 'feature' }>, needs: WatchedNeeds): Watched | null {
  const { plan } = needs
  if (feature.startsWith('do-not-disturb')) return { kind: 'do-not-disturb' }
  const when = forwardOf(feature)
  if (when !== null) {
    const route = argument === '' ? null : plan.current.route(argument)
    const numbers = [argument, route?.kind === 'outside' ? (route.e164 ?? '') : '']
    return { kind: 'forward', when, numbers: numbers.filter((number) => number !== '') }
  }
  if (feature === 'park') return argument === '' ? null : { kind: 'orbit', lamp: orbitLamp(plan.current.site, argument) }
  if (feature === 'pick-up') return argument === '' ? null : watchedAt(argument, needs)
  return null
}

/** `forward-no-answer-off` → `noAnswer` */
function forwardOf(feature: string): keyof Forwards | null {
  const found = forwardFeatures.find(([name]) => feature === name || feature.startsWith(`${name}-`))
  return found ? found[1] : null
}

const forwardFeatures: readonly (readonly [string, keyof Forwards])[] = [
  ['forward-always', 'always'],
  ['forward-busy', 'busy'],
  ['forward-no-answer', 'noAnswer'],
  ['forward-not-logged-in', 'notLoggedIn'],
  ['forward-not-reachable', 'notReachable'],
]
