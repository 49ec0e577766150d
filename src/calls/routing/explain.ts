import { type RefusalReason, responseOf } from '../failure.js'
import type { Destination, DestinationOf, Knowledge, Question, Step } from './contract.js'
import { decide } from './decide.js'

/** A decision for whoever asks why, and what follows where the phones that ring do not take the call. */
export interface Explanation {
  readonly steps: readonly Step[]
  /** `HD0001 rings for 25 s` */
  readonly outcome: string
  /** The same for a program. */
  readonly destination: Summary
  readonly otherwise: readonly { readonly reason: RefusalReason; readonly next: Explanation }[]
}

/** A destination with its names alone: no credentials of trunks, no hash of a PIN. */
export type Summary = { readonly kind: Destination['kind'] } & Readonly<Record<string, string | number | null | readonly string[]>>

/** What may come of a phone that rings. */
const misses: readonly RefusalReason[] = ['busy', 'declined', 'no-answer', 'not-reachable']

/** The whole tree of it. It ends, because a call that comes back to a number is a loop. */
export function explain(question: Question, knowledge: Knowledge): Explanation {
  const { to, steps } = decide(question, knowledge)
  const missed = (reason: RefusalReason): Question[] =>
    to.kind === 'phones' ? [{ kind: 'missed', user: to.user, reason, history: to.history }] : []
  return {
    steps,
    outcome: outcomeOf(to, { question, knowledge }),
    destination: summaryOf(to, { question, knowledge }),
    otherwise: misses.flatMap((reason) => missed(reason).map((next) => ({ reason, next: explain(next, knowledge) }))),
  }
}

interface Context {
  readonly question: Question
  readonly knowledge: Knowledge
}

function outcomeOf(to: Destination, context: Context): string {
  switch (to.kind) {
    case 'phones': {
      const phones = [...new Set(to.bindings.map(({ device }) => device))]
      const places = [...phones, ...to.nodes.map(({ name }) => `what is registered at ${name}`)]
      return `${places.join(' and ')} ${places.length === 1 ? 'rings' : 'ring'} for ${to.user.ringSeconds} s`
    }
    case 'call-back':
      return `${to.device.id} rings`
    case 'outside':
      return `${to.number} is called by ${namesOf(to).join(', then ') || 'no line at all'}`
    case 'emergency':
      return `${to.number} is called by ${namesOf(to).join(', then ') || 'no line at all'}, ${placeWords(to, context)}`
    case 'login':
      return `a voice asks for ${to.extension === null ? 'extension and PIN' : `the PIN of ${knownExtension(to, context.knowledge) ?? 'that extension'}`}`
    case 'logout':
      return 'whoever is logged in is logged out'
    case 'please-log-in':
      return 'a voice says that nobody is logged in, then 480'
    case 'refused':
      return refusalWords(to.reason)
  }
}

/** Which of the lines are told where the phone is. */
function placeWords(to: DestinationOf<'emergency'>, context: Context): string {
  const told = toldOf(to, context)
  if (told.length === 0) return 'without the place of the phone'
  const others = to.trunks.length > told.length
  return `with the place of the phone${others ? ` by ${told.join(' and ')} alone` : ''}`
}

/** Lines that take the place of a phone, if the phone or the site has one; somebody who is logged in somewhere sits at one that has. */
function toldOf({ trunks }: DestinationOf<'emergency'>, { question, knowledge }: Context): readonly string[] {
  const phone = question.kind === 'dialled' ? question.by?.device : undefined
  return phone && phone.location === null && knowledge.dialplan.location === null
    ? []
    : namesOf({ trunks: trunks.filter(({ location }) => location !== undefined) })
}

function refusalWords(reason: RefusalReason): string {
  const { status, parts } = responseOf({ reason })
  return `the caller hears ${status} ${parts.reason}`
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
    case 'call-back':
      return { kind: to.kind, devices: [to.device.id] }
    case 'outside':
      return { kind: to.kind, number: to.number, trunks: namesOf(to) }
    case 'emergency':
      return { kind: to.kind, number: to.number, trunks: namesOf(to), withLocation: toldOf(to, context) }
    case 'login':
      return { kind: to.kind, extension: knownExtension(to, context.knowledge) }
    case 'logout':
    case 'please-log-in':
      return { kind: to.kind }
    case 'refused':
      return { kind: to.kind, reason: to.reason, status: responseOf(to).status }
  }
}

/** What follows a login code is shown only if it is the extension of a user: it may be a PIN. */
function knownExtension({ extension }: DestinationOf<'login'>, { directory }: Knowledge): string | null {
  return extension === null ? null : (directory.user(extension)?.extension ?? null)
}

function namesOf({ trunks }: { readonly trunks: readonly { readonly name: string }[] }): readonly string[] {
  return trunks.map(({ name }) => name)
}
