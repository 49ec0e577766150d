import { type Entitlement, type FeatureName, type ProfileInForce, profileInForce, type User } from '../../directory/directory.js'
import type { DestinationOf, Dialler, Knowledge, Question, QuestionOf, RightsNotice, Ruling } from '../routing/contract.js'

/** What a question needs, if it goes on like this. */
interface Demand {
  readonly user: User
  readonly needs: readonly Entitlement[]
  /** The user is at a phone of this site, whose policy counts; else this site only handles a call of the user. */
  readonly isHere: boolean
}

export interface EntitlementRuling extends Pick<Ruling, 'words'> {
  /** If something is not included. */
  readonly to?: DestinationOf<'refused'>
  readonly notices: readonly RightsNotice[]
}

/** Whether the profile of the user includes what the call needs. Null: the user has no profile, or nothing to judge. Emergency calls are not judged. */
export function profileRuling(question: Question, ruling: Ruling, knowledge: Knowledge): EntitlementRuling | null {
  const demand = demandOf(question, ruling)
  const profile = demand && profileOf(demand, knowledge)
  if (!demand || !profile || demand.needs.length === 0) return null
  const { user, needs } = demand
  const verdicts = needs.map((entitlement) => ({ entitlement, ...profile.judge(entitlement) }))
  const refused = verdicts.find(({ isIncluded }) => !isIncluded)
  const words = (refused ? [refused] : verdicts).map((verdict) => verdict.words).join('; ')
  const { unknown } = profile
  const notices: readonly RightsNotice[] = unknown === null ? [] : [{ kind: 'unknown-profile', user: user.extension, name: unknown, words }]
  return refused ? refusing(user, refused, notices) : { words, notices }
}

/** Whether the rights of the user include the feature. Null: they include all features, or there is nothing to judge. */
export function featureRuling(question: Question, ruling: Ruling, { dialplan, clock }: Knowledge): EntitlementRuling | null {
  const feature = featureOf(question, ruling)
  if (feature === null) return null
  const user = userOf(question)
  const { rights, words: whose } = dialplan.rights.inForce(user, clock.now())
  if (rights.features === null) return null
  const isIncluded = rights.features.includes(feature)
  const words = `${whose}: the feature ${feature} is ${isIncluded ? 'allowed' : 'not allowed'}`
  return isIncluded ? { words, notices: [] } : refusing(user, { entitlement: feature, words }, [])
}

/** Whether the user may transfer a call at all, as profile and rights say; null: they may. */
export function transferRuling(by: Dialler, knowledge: Knowledge): EntitlementRuling | null {
  const [question, ruling] = [
    { kind: 'transferred', digits: '', by } as const,
    { words: '', ask: { kind: 'transferred', digits: '', by } } as const,
  ]
  return [profileRuling(question, ruling, knowledge), featureRuling(question, ruling, knowledge)].find((found) => found?.to) ?? null
}

function refusing(
  user: User | null,
  { entitlement, words }: { readonly entitlement: Entitlement; readonly words: string },
  notices: readonly RightsNotice[],
): EntitlementRuling {
  const notice = { kind: 'not-entitled', user: user?.extension ?? null, entitlement, words } as const
  return { words, to: { kind: 'refused', reason: 'not-entitled' }, notices: [...notices, notice] }
}

function profileOf({ user, isHere }: Demand, { dialplan: { site, profiles: host }, directory }: Knowledge): ProfileInForce | null {
  if (user.profile === null) return null
  const home = directory.site(user.home)?.profiles ?? null
  return profileInForce(user, { site, host, home, user: isHere ? 'visiting' : 'away' })
}

/** Null: the question is not one of a user of ours. */
function demandOf(question: Question, ruling: Ruling): Demand | null {
  const user = userOf(question)
  if (user === null) return null
  const feature = featureOf(question, ruling)
  const needs = [...(feature === null ? [] : [feature]), ...leaving(ruling)]
  return { user, needs, isHere: isHere(question) }
}

function leaving({ to }: Ruling): readonly Entitlement[] {
  if (to?.kind === 'voicemail' && to.outside) return ['outside']
  if (to?.kind === 'break-out-menu') return ['break-out']
  return to?.kind === 'outside' || to?.kind === 'break-out' ? [to.kind] : []
}

function isHere(question: Question): boolean {
  switch (question.kind) {
    case 'dialled':
    case 'break-out':
    case 'break-out-menu':
    case 'transferred':
    case 'replaced':
      return true
    case 'broken-out':
      return question.use === 'call'
    default:
      return false
  }
}

const askers: { readonly [Kind in Question['kind']]?: (question: QuestionOf<Kind>) => User | null } = {
  dialled: ({ by }) => by?.user ?? null,
  'break-out': ({ user }) => user,
  'break-out-menu': ({ user }) => user,
  'broken-out': ({ user }) => user,
  transferred: ({ by }) => by.user,
  replaced: ({ by }) => by.user,
  forwarded: ({ user }) => user,
  redirected: ({ user }) => user,
  missed: ({ user }) => user,
  user: ({ user }) => user,
}

function userOf(question: Question): User | null {
  const asker = askers[question.kind] as ((question: Question) => User | null) | undefined
  return asker?.(question) ?? null
}

/** The feature that the user of this site uses. Switching one off needs nothing. */
function featureOf(question: Question, { to, ask }: Ruling): FeatureName | null {
  if (question.kind === 'transferred') return ask || (to && to.kind !== 'refused') ? 'transfer' : null
  if (question.kind === 'redirected') return ask ? 'forward' : null
  const isUsed = question.kind === 'dialled' || question.kind === 'replaced'
  if (!isUsed || to?.kind !== 'feature' || isSwitchingOff(to, userOf(question))) return null
  return rightsOfFeatures[to.feature] ?? 'forward'
}

/** Null: nothing is needed. Features that are not named are forwards. */
const rightsOfFeatures: Readonly<Partial<Record<DestinationOf<'feature'>['feature'], FeatureName | null>>> = {
  'pick-up': 'pick-up',
  park: 'pick-up',
  'do-not-disturb': 'do-not-disturb',
  'do-not-disturb-toggle': 'do-not-disturb',
  'who-is-here': null,
  'message-count': null,
}

function isSwitchingOff({ feature, argument }: DestinationOf<'feature'>, user: User | null): boolean {
  if (feature === 'do-not-disturb-toggle') return user?.doNotDisturb === true
  // With a number, the toggle may set another one.
  if (feature === 'forward-always-toggle') return argument === '' || user?.forwards.always === argument
  return feature.endsWith('-off')
}
