import type { DeviceId } from '../../base/identity.js'
import { siteKeys } from '../breakout/site-choices.js'
import { orderWords } from '../dial/trunk-ways.js'
import { type RefusalReason, responseOf } from '../failure.js'
import type { Decision, Destination, DestinationOf, Knowledge, Question, Step } from './contract.js'
import { decide } from './decide.js'

/** A decision for a person to read, and what follows if the phones that ring do not take the call. */
export interface Explanation {
  readonly steps: readonly Step[]
  /** `HD0001 rings for 25 s` */
  readonly outcome: string
  /** The same for a program. */
  readonly destination: Summary
  readonly otherwise: readonly { readonly reason: RefusalReason; readonly next: Explanation }[]
}

/** A destination by its names alone: no credentials of trunks, no hash of a PIN. */
type Summary = { readonly kind: Destination['kind'] } & Readonly<Record<string, string | number | null | readonly string[]>>

/** The ways in which a phone that rings may not take the call. */
const misses: readonly RefusalReason[] = ['busy', 'declined', 'no-answer', 'not-reachable']

/** The whole tree of outcomes. It is finite, because a call that returns to a number is a loop. */
export function explain(question: Question, knowledge: Knowledge): Explanation {
  const { to, steps, questions } = decide(question, knowledge)
  const context = { question, questions, knowledge }
  const missed = (reason: RefusalReason): Question[] =>
    to.kind === 'phones' ? [{ kind: 'missed', user: to.user, reason, history: to.history }] : []
  return {
    steps,
    outcome: outcomeOf(to, context),
    destination: summaryOf(to, context),
    otherwise: misses.flatMap((reason) => missed(reason).map((next) => ({ reason, next: explain(next, knowledge) }))),
  }
}

interface Context extends Pick<Decision, 'questions'> {
  readonly question: Question
  readonly knowledge: Knowledge
}

function outcomeOf(to: Destination, context: Context): string {
  switch (to.kind) {
    case 'phones':
      return ringWords(to, context)
    case 'psap-callback':
      return to.nodes.length === 0
        ? `${to.device.id} rings`
        : `${to.device.id} rings, through ${to.nodes.map(({ name }) => name).join(', ')}`
    case 'outside':
      return to.trunks.length === 0
        ? `the call fails: no trunk for ${to.number}`
        : `${to.number} is called over ${orderWords(to, context.knowledge)}`
    case 'voicemail':
      return `${to.number} is called over ${orderWords(to, context.knowledge)}, for mailbox ${to.mailbox}`
    case 'emergency':
      return to.trunks.length === 0
        ? 'the emergency call fails: this site has no trunk'
        : `${to.number} is called over ${orderWords(to, context.knowledge)}, ${locationWords(to, context)}`
    case 'login':
      return `a voice asks for ${to.extension === null ? 'extension and PIN' : `the PIN of ${knownExtension(to, context.knowledge) ?? 'that extension'}`}`
    case 'logout':
      return 'the user is logged out'
    case 'logout-everywhere':
      return 'a voice asks for the PIN, and the user is logged out at every phone'
    case 'please-log-in':
      return 'an announcement says that nobody is logged in, then 480'
    case 'feature':
      return `the feature ${to.feature} is used`
    case 'break-out':
      return `${to.nodes.map(({ name }) => name).join(', then ')} gets the call and dials ${to.digits} with the plan of ${to.site}`
    case 'break-out-menu':
      if (to.site !== null) return `a voice asks for the number at ${to.site}`
      return `a voice asks for the site: ${siteKeys(to.choices)}${to.digits === '' ? '; then for the number' : ''}`
    case 'announcement':
      return `the prompt ${to.prompt} is played, then 480`
    case 'refused':
      return refusalWords(to.reason)
  }
}

/** `HD0001 and LO0001 ring for 25 s (LO0001 via london-1)` */
function ringWords(to: DestinationOf<'phones'>, context: Context): string {
  const here = [...new Set(to.bindings.map(({ device }) => device))]
  const elsewhere = to.nodes.map(({ name }) => ({ name, devices: devicesAt(name, context) }))
  const phones = [...here, ...elsewhere.flatMap(({ devices }) => devices)]
  const isOneNode = here.length === 0 && elsewhere.length === 1
  const via = elsewhere.map(({ name, devices }) => (isOneNode ? `via ${name}` : `${devices.join(', ')} via ${name}`))
  const suffix = via.length === 0 ? '' : ` (${via.join('; ')})`
  return `${phones.join(' and ')} ${phones.length === 1 ? 'rings' : 'ring'} for ${to.user.ringSeconds} s${suffix}`
}

/** The user's phones that are registered at another node. */
function devicesAt(node: string, { questions, knowledge: { registrar } }: Context): readonly DeviceId[] {
  const devices = questions.flatMap((question) => (question.kind === 'assigned' ? question.devices : []))
  return devices.filter((device) => registrar.bindingsOf(device).some((binding) => binding.node === node))
}

/** Says which trunks get the location of the phone. */
function locationWords(to: DestinationOf<'emergency'>, context: Context): string {
  const located = locatedOver(to, context)
  if (located.length === 0) return 'without the location of the phone'
  const others = to.trunks.length > located.length
  return `with the location of the phone${others ? ` over ${located.join(' and ')} only` : ''}`
}

/** Trunks that take a location, if the phone or the site has one. The phone of an unnamed caller is assumed to have one. */
function locatedOver({ trunks }: DestinationOf<'emergency'>, { question, knowledge }: Context): readonly string[] {
  const phone = question.kind === 'dialled' ? question.by?.device : undefined
  return phone && phone.location === null && knowledge.dialplan.location === null
    ? []
    : namesOf({ trunks: trunks.filter(({ location }) => location !== undefined) })
}

function refusalWords(reason: RefusalReason): string {
  const { status, parts } = responseOf({ reason })
  return `the caller gets ${status} ${parts.reason}`
}

function summaryOf(to: Destination, context: Context): Summary {
  switch (to.kind) {
    case 'phones':
      return {
        kind: to.kind,
        user: to.user.extension,
        ringSeconds: to.user.ringSeconds,
        devices: [...new Set(to.bindings.map(({ device }) => device))],
        nodes: to.nodes.map(({ name }) => name),
      }
    case 'psap-callback':
      return { kind: to.kind, devices: [to.device.id], nodes: to.nodes.map(({ name }) => name) }
    case 'outside':
      return { kind: to.kind, number: to.number, e164: to.e164, numberClass: to.numberClass, trunks: namesOf(to) }
    case 'voicemail':
      return { kind: to.kind, number: to.number, mailbox: to.mailbox, cause: to.cause, trunks: [to.trunk.name] }
    case 'emergency':
      return { kind: to.kind, number: to.number, trunks: namesOf(to), withLocation: locatedOver(to, context) }
    case 'login':
    case 'logout-everywhere':
      return { kind: to.kind, extension: knownExtension(to, context.knowledge) }
    case 'logout':
    case 'please-log-in':
      return { kind: to.kind }
    case 'feature':
      return { kind: to.kind, feature: to.feature }
    case 'break-out':
      return { kind: to.kind, site: to.site, digits: to.digits, nodes: to.nodes.map(({ name }) => name) }
    case 'break-out-menu':
      return { kind: to.kind, site: to.site, sites: to.choices.map(({ key, site }) => `${key} ${site}`), digits: to.digits }
    case 'announcement':
      return { kind: to.kind, prompt: to.prompt }
    case 'refused':
      return { kind: to.kind, reason: to.reason, status: responseOf(to).status }
  }
}

/** Digits after a login code are shown only if they are a user's extension: they may be a PIN. */
function knownExtension({ extension }: DestinationOf<'login' | 'logout-everywhere'>, { directory }: Knowledge): string | null {
  return extension === null ? null : (directory.user(extension)?.extension ?? null)
}

function namesOf({ trunks }: { readonly trunks: readonly { readonly name: string }[] }): readonly string[] {
  return trunks.map(({ name }) => name)
}
