import { parseExtension } from '../../base/identity.js'
import type { Route, Trunk } from '../../dialplan/dialplan.js'
import type { User } from '../../directory/directory.js'
import type { CallHistory, Destination, DestinationOf, Knowledge, QuestionOf, Ruling } from './contract.js'
import { shownDigits } from './shown-digits.js'

const mostForwards = 5
const ownCall: CallHistory = { hops: 0, trail: [] }

// ── what a phone has dialled ─────────────────────────────────────────────────────────────────────────────────────────

export function emergency({ digits, by }: QuestionOf<'dialled'>, knowledge: Knowledge): Ruling {
  const to = emergencyOf(digits, () => by?.user ?? null, knowledge)
  if (to === null) return { words: `${shownDigits(digits, knowledge) ?? 'it'} is no emergency number of ${knowledge.dialplan.site}` }
  return { words: `${digits} is the emergency number ${to.number} of ${knowledge.dialplan.site}, by ${lines(to.trunks)}`, to }
}

/**
 * Asked before it is known who calls: nothing may stand before a call for help. Null for any other number. `user` tells whose phone it seems
 * to be: a visitor dials what brings help at home.
 */
export function emergencyOf(digits: string, user: () => User | null, knowledge: Knowledge): DestinationOf<'emergency'> | null {
  const { dialplan, trunks } = knowledge
  const number =
    dialplan.emergency(digits) ?? (isFree(digits, knowledge) && bringsHelpAtHome(digits, user(), knowledge) ? anyHelp(knowledge) : null)
  return number === null ? null : { kind: 'emergency', number, trunks: trunks.order(dialplan.trunks) }
}

/** 112 is an emergency number of every site. */
function anyHelp({ dialplan }: Knowledge): string | null {
  return dialplan.emergency('112')
}

/** It means nothing else here: 100 brings help somewhere, and is Alice elsewhere. */
function isFree(digits: string, { dialplan, directory }: Knowledge): boolean {
  const route = dialplan.route(digits)
  return route.kind === 'unknown' || (route.kind === 'user' && directory.user(route.extension) === null)
}

function bringsHelpAtHome(digits: string, user: User | null, { dialplan, directory }: Knowledge): boolean {
  if (user === null || user.home === dialplan.site) return false
  const numbers = directory.site(user.home)?.emergency ?? []
  const number = digits.replace(/#$/, '')
  return numbers.includes(number) || (number.startsWith(dialplan.outside) && numbers.includes(number.slice(dialplan.outside.length)))
}

export function code({ digits }: QuestionOf<'dialled'>, { dialplan, directory }: Knowledge): Ruling {
  const route = dialplan.route(digits)
  if (route.kind === 'logout') return { words: `${digits} is the code for logging out`, to: route }
  if (route.kind !== 'login') return { words: 'it is no dial code' }
  if (route.extension === null) return { words: `${digits} logs in, and asks for the extension`, to: route }
  if (!directory.user(route.extension)) return { words: 'it is the login code with an extension that does not exist', to: route }
  return { words: `${digits} logs ${route.extension} in`, to: route }
}

export function caller({ by }: QuestionOf<'dialled'>): Ruling {
  if (by === null) return { words: 'the caller is taken for somebody who is logged in' }
  if (by.user === null) return { words: `nobody is logged in at ${by.device.id}`, to: { kind: 'please-log-in' } }
  return { words: `${by.user.name} (${by.user.extension}) calls from ${by.device.id}` }
}

export function leaving({ by }: QuestionOf<'dialled'>, { hotdesk }: Knowledge): Ruling {
  if (by && hotdesk.isDraining(by.device.id))
    return { words: `${by.device.id} is about to be logged out`, to: { kind: 'refused', reason: 'draining' } }
  return { words: 'no logout waits for the end of a call' }
}

export function dialledNumber({ digits }: QuestionOf<'dialled'>, knowledge: Knowledge): Ruling {
  return routed(digits, knowledge.dialplan.route(digits), ownCall, knowledge)
}

// ── what others have sent ────────────────────────────────────────────────────────────────────────────────────────────

/** RFC 7090: a call back from the emergency centre is neither forwarded nor refused, whoever is or is not at the phone. */
export function callBack({ number }: QuestionOf<'delivered'>, { psapCallbacks, directory, registrar }: Knowledge): Ruling {
  const id = psapCallbacks.deviceOf(number)
  if (id === null) return { words: `nobody has called for help from ${shown(number)} lately` }
  const device = directory.device(id)
  const bindings = device ? registrar.bindingsOf(device.id) : []
  if (!device || bindings.length === 0)
    return { words: `${id} has called for help from ${number}, and is not registered`, to: { kind: 'refused', reason: 'not-reachable' } }
  return { words: `${id} has called for help from ${number}: it rings, whoever is at it`, to: { kind: 'call-back', device, bindings } }
}

export function direct({ number }: QuestionOf<'delivered'>, { dialplan }: Knowledge): Ruling {
  const extension = dialplan.did(number)
  if (extension === null) return unknown(`${shown(number)} is nobody's number at ${dialplan.site}`)
  return { words: `${number} is the number of ${extension}`, ask: { kind: 'extension', extension, history: { hops: 0, trail: [number] } } }
}

export function handed({ digits, hops }: QuestionOf<'handed'>): Ruling {
  const extension = parseExtension(digits)
  if (extension === null) return unknown(`${shown(digits)} is no extension`)
  return { words: `another node says that ${extension} is here`, ask: { kind: 'extension', extension, history: { hops, trail: [] } } }
}

// ── forwards ─────────────────────────────────────────────────────────────────────────────────────────────────────────

export function loop({ number, history: { trail } }: QuestionOf<'forwarded'>, knowledge: Knowledge): Ruling {
  const to: Destination = { kind: 'refused', reason: 'loop' }
  // A phone that forwards may have been given anything, a PIN included.
  const there = shownDigits(number, knowledge) ?? 'that number'
  if (trail.includes(number)) return { words: `the call has been at ${there} before`, to }
  if (trail.length > mostForwards) return { words: `the call has been forwarded ${trail.length} times`, to }
  return { words: `the call has not been at ${there} before` }
}

/** A forward reaches people and the outside, and no dial code. */
export function forwardedNumber({ number, history }: QuestionOf<'forwarded'>, knowledge: Knowledge): Ruling {
  return routed(number, knowledge.dialplan.route(number), history, knowledge)
}

// ── both ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

function routed(digits: string, route: Route, history: CallHistory, { dialplan, directory, trunks }: Knowledge): Ruling {
  if (route.kind === 'user') {
    const { extension } = route
    if (directory.user(extension) === null) return unknown(`it is a number of ${dialplan.site} that no user has`)
    return { words: `${extension} is a person's number at ${dialplan.site}`, ask: { kind: 'extension', extension, history } }
  }
  if (route.kind !== 'outside') return unknown(`it is no person's number, and no route of ${dialplan.site} takes it`)
  const to = { ...route, trunks: trunks.order(route.trunks) }
  return { words: `${digits} goes out as ${to.number}, by ${lines(to.trunks)}`, to }
}

function unknown(words: string): Ruling {
  return { words, to: { kind: 'refused', reason: 'unknown-number' } }
}

function lines(trunks: readonly Trunk[]): string {
  return trunks.length === 0 ? 'no line at all' : trunks.map(({ name }) => name).join(', then ')
}

function shown(digits: string): string {
  return digits === '' ? 'nothing' : digits
}
