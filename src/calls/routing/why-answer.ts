import { errors } from '../../base/errors.js'
import { type Extension, parseDeviceId, parseExtension } from '../../base/identity.js'
import type { Trunk } from '../../dialplan/dialplan.js'
import type { Device, Directory } from '../../directory/directory.js'
import { arrivalRemark } from '../inbound/draining-rules.js'
import type { Dialler, Question } from './contract.js'
import type { Explanation } from './explain.js'
import type { RouteExplainer, WhyContext } from './route-explainer.js'

/** What an operator asks with `hotdesk why`. */
export interface WhyQuestion {
  /** The number dialled, or the phone of the user who is called. */
  readonly subject: string
  /** A phone, the extension of a logged-in user, or a trunk; null: any user who is logged in at the site. */
  readonly from: string | null
}

export interface WhyAnswer {
  /** Without digits that may be a PIN. */
  readonly subject: string
  /** The phone or trunk of the caller. */
  readonly from: string | null
  /** `dialled at HD0002 by Bob (101)` */
  readonly caller: string
  /** What else would prevent the call now. */
  readonly remarks: readonly string[]
  readonly explanation: Explanation
}

export interface WhyNeeds {
  readonly directory: Pick<Directory, 'device' | 'user' | 'node'>
  readonly explainer: RouteExplainer
  readonly at: WhyContext
}

type Caller =
  | ({ readonly kind: 'phone' } & Dialler)
  | { readonly kind: 'trunk'; readonly trunk: Trunk }
  /** Any user who is logged in at the site. */
  | { readonly kind: 'anybody' }

/** Where the call would go by this dial plan. @throws AppError UNKNOWN_CALLER */
export function answerWhy({ subject, from }: WhyQuestion, needs: WhyNeeds): WhyAnswer {
  const caller = callerOf(from, needs)
  const isRegistered = caller.kind !== 'phone' || needs.explainer.bindingsOf(caller.device.id).length > 0
  const explanation = explained(subject, caller, needs)
  const arrival = arrivalRemark(explanation.destination, caller.kind === 'trunk' ? 'trunk' : 'phone', { ...needs, ...needs.at })
  return {
    subject: shownSubject(subject, caller, needs),
    from: caller.kind === 'phone' ? caller.device.id : caller.kind === 'trunk' ? caller.trunk.name : null,
    caller: callerWords(caller),
    remarks: [
      ...(isRegistered ? [] : [`${caller.device.id} is not registered; this shows what would happen if it were`]),
      ...(arrival === null ? [] : [arrival]),
    ],
    explanation,
  }
}

/** The phone that is named, or the one where the user is logged in; null if the name may be a trunk. @throws AppError UNKNOWN_CALLER */
export function callingPhone(from: string, { directory, explainer }: Omit<WhyNeeds, 'at'>): Device | null {
  const extension = parseExtension(from)
  if (extension) return assignedPhone(extension, { directory, explainer })
  const id = parseDeviceId(from)
  return id && directory.device(id)
}

function assignedPhone(extension: Extension, { directory, explainer }: Omit<WhyNeeds, 'at'>): Device {
  const user = directory.user(extension)
  if (!user) throw errors.UNKNOWN_CALLER.noUser({ extension })
  const [device] = explainer.phonesOf(user)
  if (!device) throw errors.UNKNOWN_CALLER.loggedOut({ extension })
  return device
}

function callerOf(from: string | null, needs: WhyNeeds): Caller {
  if (from === null) return { kind: 'anybody' }
  const device = callingPhone(from, needs)
  if (device) return { kind: 'phone', ...needs.explainer.diallerOn(device) }
  const { trunks, site } = needs.at.dialplan
  const trunk = trunks.find(({ name }) => name === from)
  if (trunk) return { kind: 'trunk', trunk }
  throw errors.UNKNOWN_CALLER.neither({ site })
}

function explained(subject: string, caller: Caller, { directory, explainer, at }: WhyNeeds): Explanation {
  const device = parseDeviceId(subject)
  if (device === null) return explainer.explain(questionOf(subject, caller), at)
  const phone = directory.device(device)
  const user = phone && explainer.diallerOn(phone).user
  return user ? explainer.explain(questionOf(user.extension, caller), at) : unattended(device, phone ? 'free' : 'unknown')
}

/** Digits that lead nowhere may be a PIN, so they are not repeated. */
function shownSubject(subject: string, caller: Caller, { explainer, at }: WhyNeeds): string {
  if (parseDeviceId(subject) !== null || caller.kind === 'trunk') return subject
  return explainer.shown(subject, at) ?? 'unknown'
}

function questionOf(digits: string, caller: Caller): Question {
  if (caller.kind === 'trunk') return { kind: 'delivered', number: digits }
  return { kind: 'dialled', digits, by: caller.kind === 'phone' ? caller : null }
}

function unattended(device: string, state: 'free' | 'unknown'): Explanation {
  const words = state === 'free' ? `nobody is logged in at ${device}` : `there is no phone ${device}`
  const outcome = state === 'free' ? 'only a callback from the emergency centre rings it' : 'no call rings it'
  return { steps: [{ rule: 'assignment', words }], outcome, destination: { kind: 'refused', reason: 'not-logged-in' }, otherwise: [] }
}

function callerWords(caller: Caller): string {
  switch (caller.kind) {
    case 'phone':
      return `dialled at ${caller.device.id}${caller.user ? ` by ${caller.user.name} (${caller.user.extension})` : ''}`
    case 'trunk':
      return `delivered by ${caller.trunk.name}`
    case 'anybody':
      return 'dialled by any logged-in user'
  }
}
