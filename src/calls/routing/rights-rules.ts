import { judge, type NumberClass, type OutsideNumber, type Use } from '../../dialplan/dialplan.js'
import type { User } from '../../directory/directory.js'
import type { DestinationOf, Knowledge, Question, QuestionOf, RightsNotice, Ruling } from './contract.js'

/** Whose rights are needed, and for what. */
interface Claim {
  /** Null: a user without rights of their own. */
  readonly user: User | null
  readonly use: Use
  /** As dialled. */
  readonly digits: string
}

/** What each question claims if it leads outside. Null: it never does; if it did, the default rights would count. */
const claims: { readonly [Kind in Question['kind']]: ((question: QuestionOf<Kind>) => Claim) | null } = {
  dialled: ({ by, digits }) => ({ user: by?.user ?? null, use: 'call', digits }),
  'break-out-menu': ({ user, digits }) => ({ user, use: 'break-out', digits }),
  'break-out': ({ user, digits }) => ({ user, use: 'break-out', digits }),
  'picked-up': null,
  replaced: null,
  'broken-out': ({ user, use, digits }) => ({ user, use, digits }),
  forwarded: ({ user, number }) => ({ user, use: 'forward', digits: number }),
  transferred: ({ by, digits }) => ({ user: by.user, use: 'transfer', digits }),
  delivered: null,
  handed: null,
  'called-back': null,
  extension: null,
  user: null,
  assigned: null,
  missed: null,
  redirected: null,
}

export interface RightsRuling extends Pick<Ruling, 'words'> {
  /** If the rights do not allow the call. */
  readonly to?: DestinationOf<'refused'>
  readonly notices: readonly RightsNotice[]
}

/**
 * Judges every destination outside, whichever rule has found it, break-outs, and the extensions that a user dials. Null: nothing to judge, or an
 * extension that may be called. Emergency calls are not judged.
 */
export function rightsRuling(question: Question, { to, ask }: Ruling, knowledge: Knowledge): RightsRuling | null {
  const claim = claimOf(question)
  if (to?.kind === 'outside') return mayReach(claim ?? { user: null, use: 'call', digits: to.number }, to, knowledge)
  if (to?.kind === 'voicemail' && to.outside)
    return mayReach({ user: claimantOf(question), use: 'forward', digits: to.number }, to.outside, knowledge)
  // Here the user must be allowed to break out. The other site judges the number, and whether it is dialled for users at other sites.
  if ((to?.kind === 'break-out' || to?.kind === 'break-out-menu') && claim !== null)
    return judged(claim, { number: to.digits, forms: null, numberClass: 'other' }, knowledge)
  // Whatever the number, the other site takes the call for one of this user.
  if (question.kind === 'transferred' && ask?.kind === 'break-out' && claim !== null)
    return judged(claim, { number: ask.digits, forms: null, numberClass: 'other' }, knowledge)
  if ((question.kind !== 'dialled' && question.kind !== 'broken-out') || ask?.kind !== 'extension' || claim === null) return null
  const ruling = judged(claim, { number: ask.extension, forms: [ask.extension], numberClass: 'internal' }, knowledge)
  return ruling.to ? ruling : null
}

/** The user whose rights and limits a call outside needs; null: a user without rights of their own. */
export function claimantOf(question: Question): User | null {
  if (question.kind === 'missed' || question.kind === 'user') return question.user
  return claimOf(question)?.user ?? null
}

function claimOf(question: Question): Claim | null {
  const claim = claims[question.kind] as ((question: Question) => Claim) | null
  return claim?.(question) ?? null
}

/** Whether the rights of the user at this site allow the outside number for this use. */
function mayReach(claim: Claim, { number, e164, numberClass }: OutsideNumber, knowledge: Knowledge): RightsRuling {
  const { outside, numbers } = knowledge.dialplan
  // Without a country, a number with + may be national.
  const known = numberClass === 'international' && numbers.country === null ? 'other' : numberClass
  const dialled = claim.digits.startsWith(outside) ? claim.digits.slice(outside.length) : claim.digits
  const forms = [dialled, number, ...(e164 === null ? [] : [e164])]
  const hidden = (): readonly string[] => numbers.formsOfAll([number, ...forms, ...forms.flatMap(withoutCode)])
  return judged(claim, { number, forms, hidden, numberClass: known }, knowledge)
}

/** A code in front of a number, such as `*31#`, hides neither a national form nor the whole number from a bar. */
function withoutCode(number: string): readonly string[] {
  const [, rest] = /^[*#][0-9*#]*[*#](\+?[0-9]+)/.exec(number) ?? []
  return rest === undefined ? [] : [rest]
}

const costly: ReadonlySet<NumberClass> = new Set(['international', 'premium'])

const noForms = (): readonly string[] => []

interface Claimed {
  /** For people. */
  readonly number: string
  /** Null: another site judges the number. */
  readonly forms: readonly string[] | null
  readonly hidden?: () => readonly string[]
  readonly numberClass: NumberClass
}

function judged(
  { user, use }: Claim,
  { number, forms, hidden = noForms, numberClass }: Claimed,
  { dialplan, clock }: Knowledge,
): RightsRuling {
  const { rights, words: whose, unknown } = dialplan.rights.inForce(user, clock.now())
  const verdict = judge(rights, use, forms && { forms, hidden, numberClass })
  const words = `${whose}: ${verdict.words}`
  const notices: readonly RightsNotice[] =
    user === null || unknown === null ? [] : [{ kind: 'unknown-name', user: user.extension, name: unknown, words }]
  const claimed = { user: user?.extension ?? null, use, number, numberClass }
  if (verdict.isAllowed) return { words, notices: costly.has(numberClass) ? [...notices, { kind: 'costly', ...claimed }] : notices }
  const barred = { kind: 'barred', ...claimed, words } as const
  return { words, to: { kind: 'refused', reason: 'barred' }, notices: [...notices, barred] }
}
