import type { Extension } from '../../base/identity.js'
import { type LimitName, type Limits, limitNames } from '../../dialplan/dialplan.js'
import { dateIn, type LimitSubject } from '../limits/outside-usage.js'
import type { DestinationOf, Knowledge, Question, RightsNotice, Ruling } from './contract.js'
import { claimantOf } from './rights-rules.js'

export interface LimitsRuling extends Pick<Ruling, 'words'> {
  /** If a limit is reached. */
  readonly to?: DestinationOf<'refused'>
  readonly counted: readonly LimitSubject[]
  readonly notices: readonly RightsNotice[]
}

/** What a limit counts: `3 of 5 calls at once`. */
const counted: Readonly<Record<LimitName, string>> = {
  callsAtOnce: 'calls at once',
  callsPerMinute: 'calls this minute',
  minutesPerDay: 'minutes today',
}

/** Whether the limits of the user and of the site leave room for one more call outside. Null: there are no limits, or it does not go outside. */
export function limitsRuling(question: Question, { to }: Ruling, knowledge: Knowledge): LimitsRuling | null {
  const outside = to?.kind === 'voicemail' ? to.outside : to?.kind === 'outside' ? to : null
  if (!outside) return null
  const { dialplan, usage, clock } = knowledge
  const at = clock.now()
  const user = claimantOf(question)
  const subjects = subjectsOf(user?.extension ?? null, dialplan.rights.inForce(user, at).rights.limits, knowledge)
  if (subjects.length === 0) return null
  const moment = { at, date: dateIn(dialplan.rights.localAt(at)) }
  const states = subjects.flatMap(({ subject, limits }) => {
    const used = usage.of(subject, moment)
    return limitNames.flatMap((limit) => {
      const most = limits[limit]
      return most === undefined ? [] : [{ subject, limit, isReached: used[limit] >= most, words: `${Math.floor(used[limit])} of ${most}` }]
    })
  })
  const reached = states.find(({ isReached }) => isReached)
  const words = (reached ? [reached] : states).map((state) => `${nameOf(state.subject)}: ${state.words} ${counted[state.limit]}`).join('; ')
  if (!reached) return { words, counted: subjects.map(({ subject }) => subject), notices: [] }
  const { subject, limit } = reached
  const notice = { kind: 'limited', user: user?.extension ?? null, subject, limit, number: outside.number, words } as const
  return { words, to: { kind: 'refused', reason: 'over-limit' }, counted: [], notices: [notice] }
}

interface Limited {
  readonly subject: LimitSubject
  readonly limits: Limits
}

/** Those with limits. */
function subjectsOf(user: Extension | null, limits: Limits, { dialplan: { site, rights } }: Knowledge): readonly Limited[] {
  const all: readonly Limited[] = [
    ...(user === null ? [] : [{ subject: `user:${user}` as const, limits }]),
    { subject: `site:${site}`, limits: rights.limits },
  ]
  return all.filter((each) => Object.keys(each.limits).length > 0)
}

/** `user 100` */
function nameOf(subject: LimitSubject): string {
  return subject.replace(':', ' ')
}
