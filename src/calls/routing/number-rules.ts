import { type DeviceId, parseExtension, type SiteName } from '../../base/identity.js'
import { ownerOfNumber, type Route, reservedExtension, type Trunk } from '../../dialplan/dialplan.js'
import type { LiveNode, User } from '../../directory/directory.js'
import type { Binding } from '../../registrar/registrar.js'
import { forwardsIn } from '../../sip/diversion/diversion.js'
import { emergencyDigits } from '../../sip/uri/dialled.js'
import { emergencyBehindCodes } from '../breakout/emergency-behind-codes.js'
import type { CallHistory, Destination, DestinationOf, Knowledge, QuestionOf, Ruling } from './contract.js'
import { shownDigits } from './shown-digits.js'
import { trunkWords } from './trunk-words.js'

const maxForwards = 5
const ownCall: CallHistory = { hops: 0, trail: [], diversions: [] }

// ── dialled by a phone ───────────────────────────────────────────────────────────────────────────────────────────────

export function emergency({ digits, by }: QuestionOf<'dialled'>, knowledge: Knowledge): Ruling {
  const to = emergencyOf(digits, () => by?.user ?? null, knowledge)
  if (to === null) return { words: `${shownDigits(digits, knowledge) ?? 'it'} is not an emergency number of ${knowledge.dialplan.site}` }
  return { words: `${digits} is the emergency number ${to.number} of ${knowledge.dialplan.site}, over ${trunkNames(to.trunks)}`, to }
}

/**
 * The destination of an emergency number; null for any other number. Called before the caller is authenticated, because nothing may delay an
 * emergency call. `user` gives the user whose phone it seems to be: a visitor may dial an emergency number of their home site.
 */
export function emergencyOf(digits: string, user: () => User | null, knowledge: Knowledge): DestinationOf<'emergency'> | null {
  const { dialplan, trunks } = knowledge
  const route = dialplan.route(digits)
  const number =
    (route.kind === 'emergency' ? route.number : null) ??
    (isUnused(digits, knowledge) && isHomeEmergency(digits, user(), knowledge) ? generalEmergency(knowledge) : null) ??
    emergencyBehindCodes(digits, user, knowledge)
  return number === null ? null : { kind: 'emergency', number, trunks: trunks.order(dialplan.emergencyTrunks) }
}

/**
 * The same for a call that another node hands over. It names a user's extension as it is, which is no short code of this site: where 7 leads
 * outside, the call for user 7112 is not a call to 112.
 */
export function handedEmergencyOf(digits: string, user: () => User | null, knowledge: Knowledge): DestinationOf<'emergency'> | null {
  const { dialplan, directory } = knowledge
  const extension = parseExtension(digits)
  const isUser = extension !== null && directory.user(extension) !== null
  return isUser && dialplan.emergency(digits) === null ? null : emergencyOf(digits, user, knowledge)
}

/** 112 is an emergency number of every site. */
function generalEmergency({ dialplan }: Knowledge): string | null {
  return dialplan.emergency('112')
}

/** The number reaches nothing else here: 100 may be an emergency number at one site and an extension at another. */
function isUnused(digits: string, { dialplan, directory }: Knowledge): boolean {
  const route = dialplan.route(digits)
  return route.kind === 'unknown' || route.kind === 'barred' || (route.kind === 'user' && directory.user(route.extension) === null)
}

function isHomeEmergency(digits: string, user: User | null, knowledge: Knowledge): boolean {
  return user !== null && user.home !== knowledge.dialplan.site && isEmergencyAt(user.home, digits, knowledge)
}

/** With and without the prefixes for an outside line, of that site and of this one. */
function isEmergencyAt(site: SiteName, digits: string, { dialplan, directory }: Knowledge): boolean {
  const numbers = directory.site(site)?.emergency ?? []
  const number = emergencyDigits(digits)
  return numbers.includes(number) || (number.startsWith(dialplan.outside) && numbers.includes(number.slice(dialplan.outside.length)))
}

export function code({ digits }: QuestionOf<'dialled'>, { dialplan, directory }: Knowledge): Ruling {
  const route = dialplan.route(digits)
  if (route.kind === 'logout') return { words: `${digits} is the logout code`, to: route }
  if (route.kind === 'logout-everywhere') return everywhere(route, { dialplan, directory })
  if (route.kind !== 'login') return { words: 'not a login or logout code' }
  if (route.extension === null) return { words: `${digits} is the login code; the extension is asked for`, to: route }
  if (!directory.user(route.extension)) return { words: 'login code with an unknown extension', to: route }
  return { words: `${digits} logs ${route.extension} in`, to: route }
}

/** A user who has had the extension since before there was this code logs in with it as ever: `*77*6*`. With an extension, the code has its meaning. */
function everywhere(
  route: Extract<Route, { kind: 'logout-everywhere' }>,
  { dialplan, directory }: Pick<Knowledge, 'dialplan' | 'directory'>,
): Ruling {
  const { login, logoutEverywhere } = dialplan.codes
  const extension = route.extension === null && logoutEverywhere !== null ? reservedExtension({ login, logout: logoutEverywhere }) : null
  if (extension === null || !directory.user(extension)) return { words: `${logoutEverywhere} logs a user out at every phone`, to: route }
  return { words: `${logoutEverywhere} logs ${extension} in, because there is this user`, to: { kind: 'login', extension } as const }
}

export function caller({ by }: Pick<QuestionOf<'dialled'>, 'by'>): Ruling {
  if (by === null) return { words: 'the caller is assumed to be logged in' }
  if (by.user === null) return { words: `nobody is logged in at ${by.device.id}`, to: { kind: 'please-log-in' } }
  // The owner of the phone: a login of theirs has ended.
  if (!by.user.enabled) return { words: `${by.user.name} is disabled`, to: { kind: 'please-log-in' } }
  return { words: `${by.user.name} (${by.user.extension}) calls from ${by.device.id}` }
}

export function leaving({ by }: Pick<QuestionOf<'dialled'>, 'by'>, { hotdesk }: Knowledge): Ruling {
  if (by && hotdesk.isDraining(by.device.id))
    return { words: `a logout of ${by.device.id} is pending`, to: { kind: 'refused', reason: 'draining' } }
  return { words: 'no logout is pending' }
}

export function dialledNumber({ digits, by }: QuestionOf<'dialled'>, knowledge: Knowledge): Ruling {
  const route = knowledge.dialplan.route(digits)
  if (!isService(route)) return routed(digits, route, ownCall, knowledge)
  const words = serviceWords(route)
  if (route.kind !== 'break-out') return { words, to: route }
  const { site, digits: number } = route
  const user = by?.user ?? null
  return {
    words,
    ask: site === null ? { kind: 'break-out-menu', digits: number, user } : { kind: 'break-out', site, digits: number, user },
  }
}

/** What a short code of the site does for the phone that dials it. */
type ServiceRoute = Extract<Route, { readonly kind: 'feature' | 'break-out' | 'announcement' }>

function isService(route: Route): route is ServiceRoute {
  return route.kind === 'feature' || route.kind === 'break-out' || route.kind === 'announcement'
}

function serviceWords(route: ServiceRoute): string {
  const code = `short code ${route.shortCode}`
  if (route.kind === 'feature') return `${code} is the feature ${route.feature}`
  if (route.kind === 'announcement') return `${code} plays the prompt ${route.prompt}`
  return `${code} breaks out ${route.site === null ? 'to a site that is not named' : `to ${route.site}`}`
}

/** A feature code acts on the phone that dials it, so the only feature a call can be transferred to is parking. A menu would ask a party that cannot answer. */
export function transferredNumber({ digits, by }: QuestionOf<'transferred'>, knowledge: Knowledge): Ruling {
  const route = knowledge.dialplan.route(digits)
  if (route.kind === 'feature' && route.feature === 'park') return { words: serviceWords(route), to: route }
  if (route.kind !== 'break-out') return routed(digits, route, ownCall, knowledge)
  const words = serviceWords(route)
  if (route.site === null || route.digits === '') return { words, to: { kind: 'refused', reason: 'site-missing' } }
  return { words, ask: { kind: 'break-out', site: route.site, digits: route.digits, user: by.user } }
}

// ── from trunks and nodes ────────────────────────────────────────────────────────────────────────────────────────────

/** The phone that an emergency centre calls back: the number may come back in another form than it was shown. */
export function callbackDevice(number: string, { dialplan, psapCallbacks }: Knowledge): DeviceId | null {
  for (const form of dialplan.numbers.formsOf(number)) {
    const device = psapCallbacks.deviceOf(form)
    if (device !== null) return device
  }
  return null
}

/** A PSAP callback is neither forwarded nor refused, whether or not anybody is logged in at the phone (RFC 7090). */
export function psapCallback({ number }: QuestionOf<'delivered'>, knowledge: Knowledge): Ruling {
  const id = callbackDevice(number, knowledge)
  if (id === null) return { words: `no recent emergency call from ${shown(number)}` }
  const bindings = knowledge.registrar.bindingsOf(id)
  const nodes = nodesHolding(bindings, knowledge)
  const through = nodes.length === 0 ? '' : `, through ${nodes.map(({ name }) => name).join(', ')}`
  return callBack(id, `which called an emergency number from ${number}${through}`, { nodes, bindings }, knowledge)
}

/** The node that hands over a PSAP callback has found out whom it is for. */
export function handedCallback({ device }: QuestionOf<'called-back'>, knowledge: Knowledge): Ruling {
  const all = knowledge.registrar.bindingsOf(device)
  const here = all.filter((binding) => binding.node === knowledge.node)
  // The node that hands over calls the others: the phone must not ring twice.
  return callBack(device, 'which another node has handed over', { nodes: [], bindings: here.length > 0 ? here : all }, knowledge)
}

type Reached = Pick<DestinationOf<'psap-callback'>, 'nodes' | 'bindings'>

function callBack(id: DeviceId, why: string, { nodes, bindings }: Reached, { directory }: Knowledge): Ruling {
  const device = directory.device(id)
  if (!device || bindings.length === 0)
    return { words: `PSAP callback to ${id}, which is not registered`, to: { kind: 'refused', reason: 'not-reachable' } }
  return { words: `PSAP callback to ${id}, ${why}`, to: { kind: 'psap-callback', device, bindings, nodes } }
}

/** Only a phone's own node can use the connection over which it has registered. */
function nodesHolding(bindings: readonly Binding[], { directory, node }: Knowledge): readonly LiveNode[] {
  const names = new Set(bindings.map((binding) => binding.node).filter((name) => name !== node))
  return [...names].flatMap((name) => directory.node(name) ?? []).filter(({ takes }) => takes.includes('psap-callback'))
}

export function direct({ number, diversions = [] }: QuestionOf<'delivered'>, knowledge: Knowledge): Ruling {
  const owner = ownerOfNumber(number, knowledge)
  if (owner === null) return unknown(`${shown(number)} belongs to no user of ${knowledge.dialplan.site} or another site`)
  const { extension, site } = owner
  const history = { hops: 0, trail: [number, ...diversions.map((diversion) => diversion.number)], diversions }
  const by = site === knowledge.dialplan.site ? '' : ` by the plan of ${site}`
  return { words: `${number} is the number of ${extension}${by}`, ask: { kind: 'extension', extension, history } }
}

export function handed({ digits, hops, diversions = [] }: QuestionOf<'handed'>): Ruling {
  const extension = parseExtension(digits)
  if (extension === null) return unknown(`${shown(digits)} is not an extension`)
  return {
    words: `another node sent the call for ${extension}`,
    ask: { kind: 'extension', extension, history: { hops, trail: [], diversions } },
  }
}

/** Between nodes, what is picked up at an orbit rather than at a colleague's phone: `park.1`. Earlier versions find nothing there. */
export const orbitMark = 'park.'

export function pickedUp({ digits, user }: QuestionOf<'picked-up'>): Ruling {
  if (digits.startsWith(orbitMark)) {
    const to = { kind: 'feature', feature: 'park', argument: digits.slice(orbitMark.length) } as const
    return { words: `${user.name} (${user.extension}), at another node, takes a parked call`, to }
  }
  const to = { kind: 'feature', feature: 'pick-up', argument: digits } as const
  return { words: `${user.name} (${user.extension}), at another node, picks up a call to ${digits}`, to }
}

export function replaced({ extension }: QuestionOf<'replaced'>): Ruling {
  const to = { kind: 'feature', feature: 'pick-up', argument: extension } as const
  return { words: `Replaces names a call that rings for ${extension}: it is picked up`, to }
}

// ── forwards ─────────────────────────────────────────────────────────────────────────────────────────────────────────

/**
 * A forward may leave the network and come back, so forwards that trunks report (RFC 5806, RFC 7044) count like our own. A user who has
 * forwarded the call before does not forward it again.
 */
export function loop({ number, history: { trail, diversions } }: QuestionOf<'forwarded'>, knowledge: Knowledge): Ruling {
  const to: Destination = { kind: 'refused', reason: 'loop' }
  // The number may have been keyed into a phone, and may be a PIN.
  const there = shownDigits(number, knowledge) ?? 'that number'
  const [forwarder = '', times] = [trail.at(-1), forwardsIn(diversions)]
  if (hasBeenAt(trail, number, knowledge)) return { words: `the call has been at ${there} before`, to }
  if (trail.indexOf(forwarder) < trail.length - 1) return { words: `${forwarder} has forwarded the call before`, to }
  if (times > maxForwards) return { words: `the call has been forwarded ${times} times`, to }
  return { words: `the call has not been at ${there} before` }
}

/** A number outside is compared as it is sent, because others report it in that form. */
function hasBeenAt(trail: readonly string[], number: string, { dialplan }: Knowledge): boolean {
  const route = dialplan.route(number)
  const sent = route.kind === 'outside' ? withoutPlus(route.number) : null
  return trail.some((place) => place === number || withoutPlus(place) === sent)
}

function withoutPlus(number: string): string {
  return number.replace(/^\+/, '')
}

/** A forward leads to extensions, outside numbers and short codes for them. All other codes work only for the phone that dials them. */
export function forwardedNumber({ number, history }: QuestionOf<'forwarded'>, knowledge: Knowledge): Ruling {
  const route = knowledge.dialplan.route(number)
  if (isService(route))
    return { words: `${serviceWords(route)}, which no forward reaches`, to: { kind: 'refused', reason: 'not-from-here' } }
  return routed(number, route, history, knowledge)
}

// ── both ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

export function routed(digits: string, route: Route, history: CallHistory, { dialplan, directory, trunks }: Knowledge): Ruling {
  const code = route.shortCode === undefined ? '' : `short code ${route.shortCode}: `
  if (route.kind === 'user') {
    const { extension } = route
    if (directory.user(extension) === null) return unknown(`${code}an extension of ${dialplan.site} without a user`)
    return { words: `${code}${extension} is an extension at ${dialplan.site}`, ask: { kind: 'extension', extension, history } }
  }
  if (route.kind === 'barred') return { words: `${code}${digits} is barred`, to: { kind: 'refused', reason: 'barred' } }
  if (route.kind !== 'outside') return unknown(`${code}neither an extension nor a route of ${dialplan.site} matches`)
  const { number, e164, numberClass, callerId } = route
  // A copy with spread syntax takes microseconds, because it calls getters.
  const to = {
    kind: 'outside',
    number,
    e164,
    numberClass,
    callerId,
    trunks: trunks.order(route.trunks),
    diversions: history.diversions,
  } as const
  return { words: `${code}${digits} goes out as ${to.number} over ${trunkNames(to.trunks)}`, to }
}

function unknown(words: string): Ruling {
  return { words, to: { kind: 'refused', reason: 'unknown-number' } }
}

function trunkNames(trunks: readonly Trunk[]): string {
  return trunks.length === 0 ? 'no trunk' : trunkWords(trunks)
}

function shown(digits: string): string {
  return digits === '' ? 'nothing' : digits
}
