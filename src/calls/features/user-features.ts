import { isAppError } from '../../base/errors.js'
import type { Directory, EditOutcome, Forwards, User, UserEdit } from '../../directory/directory.js'
import type { Store } from '../../store/store.js'
import type { Call } from '../call.js'
import { profileRuling } from '../entitlement/rules.js'
import type { DestinationOf } from '../routing/contract.js'
import { forwardedNumber } from '../routing/number-rules.js'
import { rightsRuling } from '../routing/rights-rules.js'
import { messageCount, type SpokenAnswer, whoIsHere } from './spoken-answers.js'

type Feature = DestinationOf<'feature'>['feature']

/** What the user hears. */
export type FeatureAnswer = SpokenAnswer | FeaturePrompt

type FeaturePrompt = 'forward-on' | 'forward-off' | 'do-not-disturb-on' | 'do-not-disturb-off' | 'number-wrong' | 'barred' | 'try-later'

/** Changes the record of the user who has dialled the code, or tells what the user has asked for. */
export type UseFeature = (call: Call, user: User, to: DestinationOf<'feature'>) => Promise<FeatureAnswer>

const forwards: Readonly<Partial<Record<Feature, keyof Forwards>>> = {
  'forward-always': 'always',
  'forward-busy': 'busy',
  'forward-no-answer': 'noAnswer',
  'forward-not-logged-in': 'notLoggedIn',
  'forward-not-reachable': 'notReachable',
}

interface Change {
  readonly edit: UserEdit
  /** Heard when it is saved. */
  readonly prompt: FeaturePrompt
}

/** The features that only switch something. */
const switches: Readonly<Partial<Record<Feature, Change>>> = {
  'do-not-disturb': { edit: { doNotDisturb: true }, prompt: 'do-not-disturb-on' },
  'do-not-disturb-off': { edit: { doNotDisturb: false }, prompt: 'do-not-disturb-off' },
  'forward-always-off': { edit: { forwards: { always: null } }, prompt: 'forward-off' },
  'forward-busy-off': { edit: { forwards: { busy: null } }, prompt: 'forward-off' },
  'forward-no-answer-off': { edit: { forwards: { noAnswer: null } }, prompt: 'forward-off' },
  'forward-not-logged-in-off': { edit: { forwards: { notLoggedIn: null } }, prompt: 'forward-off' },
  'forward-not-reachable-off': { edit: { forwards: { notReachable: null } }, prompt: 'forward-off' },
}

export interface UserFeaturesNeeds {
  readonly directory: Pick<Directory, 'putUser'>
  readonly store: Pick<Store, 'replica'>
}

/** A change follows the user to every phone, like that of an operator. Numbers are not logged: a mistyped one may be a PIN. */
export function createUserFeatures({ directory, store }: UserFeaturesNeeds): UseFeature {
  async function write({ caller }: Call, { extension }: User, { edit, prompt }: Change): Promise<FeaturePrompt> {
    const by = caller.kind === 'device' ? { user: extension, device: caller.device.id } : undefined
    try {
      return heardAfter(await directory.putUser(extension, edit, 'known', by), prompt)
    } catch (fault) {
      if (isAppError(fault, 'STORE_UNAVAILABLE')) return 'try-later'
      throw fault
    }
  }

  function used(call: Call, user: User, to: DestinationOf<'feature'>): Promise<FeaturePrompt> | FeatureAnswer {
    if (to.feature === 'who-is-here') return whoIsHere(user)
    if (to.feature === 'message-count') return messageCount(user, store)
    const { feature, argument } = withoutToggle(to, user, call)
    const switched = switches[feature]
    if (switched) return write(call, user, switched)
    const when = forwards[feature]
    const number = when ? forwardable(argument, user, call) : null
    if (when === undefined || number === null) return 'number-wrong'
    return number === 'barred' ? 'barred' : write(call, user, { edit: { forwards: { [when]: number.dialled } }, prompt: 'forward-on' })
  }

  return async (call, user, to) => {
    const answer = await used(call, user, to)
    const outcome = typeof answer === 'string' ? answer : 'spoken'
    const line = { event: 'call.feature', user: user.extension, feature: to.feature, outcome }
    call.log.info(line, `${user.name} used the feature ${to.feature}: ${outcome}`)
    return answer
  }
}

/** One key switches on and off: a toggle is the one or the other feature, by the record of the user. */
function withoutToggle(to: DestinationOf<'feature'>, user: User, { knowledge }: Call): DestinationOf<'feature'> {
  if (to.feature === 'do-not-disturb-toggle') return { ...to, feature: user.doNotDisturb ? 'do-not-disturb-off' : 'do-not-disturb' }
  if (to.feature !== 'forward-always-toggle') return to
  const { always } = user.forwards
  // A key for another number sets that one.
  const isOn = always !== null && (to.argument === '' || always === to.argument || always === everywhere(to.argument, knowledge))
  return { ...to, feature: isOn ? 'forward-always-off' : 'forward-always' }
}

/** The directory refuses the own number of the user. */
function heardAfter({ outcome }: EditOutcome, prompt: FeaturePrompt): FeaturePrompt {
  if (outcome === 'SAVED') return prompt
  return outcome === 'REFUSED' ? 'number-wrong' : 'try-later'
}

/** Whether a forward may lead there now, by the rules that every forwarded call passes. Null: the number leads nowhere. */
function forwardable(number: string, user: User, { knowledge }: Call): { readonly dialled: string } | 'barred' | null {
  if (number === user.extension) return null
  const question = { kind: 'forwarded', user, number, history: { hops: 0, trail: [user.extension], diversions: [] } } as const
  const ruling = forwardedNumber(question, knowledge)
  const gates = [profileRuling, rightsRuling]
  const isBarred = !user.mayForward || gates.some((gate) => gate(question, ruling, knowledge)?.to !== undefined)
  if (ruling.to?.kind === 'refused') return ruling.to.reason === 'barred' ? 'barred' : null
  if (isBarred) return 'barred'
  return { dialled: everywhere(number, knowledge) }
}

/** The international form of an outside number, if this site dials it: other sites understand it, too. */
function everywhere(number: string, { dialplan }: Call['knowledge']): string {
  const route = dialplan.route(number)
  const e164 = route.kind === 'outside' ? route.e164 : null
  return e164 !== null && dialplan.route(e164).kind === 'outside' ? e164 : number
}
