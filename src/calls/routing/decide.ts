import * as breakOuts from '../breakout/rules.js'
import { registrarWords } from '../dial/trunk-ways.js'
import { featureRuling, profileRuling } from '../entitlement/rules.js'
import { drainingRuling } from '../inbound/draining-rules.js'
import type { Decision, Knowledge, Question, QuestionOf, RightsNotice, Ruling, Step } from './contract.js'
import { limitsRuling } from './limits-rules.js'
import * as numbers from './number-rules.js'
import { rightsRuling } from './rights-rules.js'
import * as transfers from './transfer-rules.js'
import * as users from './user-rules.js'
import { voicemail } from './voicemail-rules.js'

type Rule<Kind extends Question['kind']> = readonly [name: string, apply: (question: QuestionOf<Kind>, knowledge: Knowledge) => Ruling]

/** The rules for each question, in order. */
const rules: { readonly [Kind in Question['kind']]: readonly Rule<Kind>[] } = {
  dialled: [
    ['emergency', numbers.emergency],
    ['code', numbers.code],
    ['caller', numbers.caller],
    ['leaving', numbers.leaving],
    ['number', numbers.dialledNumber],
  ],
  'break-out-menu': [['site', breakOuts.menu]],
  'break-out': [
    ['site', breakOuts.site],
    ['node', breakOuts.node],
  ],
  'broken-out': [
    ['caller', breakOuts.caller],
    ['number', breakOuts.number],
  ],
  transferred: [
    ['emergency', transfers.emergency],
    ['caller', transfers.transferor],
    ['number', numbers.transferredNumber],
  ],
  'picked-up': [['feature', numbers.pickedUp]],
  replaced: [
    ['caller', numbers.caller],
    ['leaving', numbers.leaving],
    ['feature', numbers.replaced],
  ],
  delivered: [
    ['psap callback', numbers.psapCallback],
    ['number', numbers.direct],
  ],
  handed: [['number', numbers.handed]],
  'called-back': [['psap callback', numbers.handedCallback]],
  extension: [['user', users.known]],
  user: [
    ['forward', users.always],
    ['disturb', users.doNotDisturb],
    ['assignment', users.assignments],
  ],
  assigned: [['phone', users.registrations]],
  missed: [
    ['forward', users.forward],
    ['voicemail', voicemail],
  ],
  redirected: [['forward', users.redirection]],
  forwarded: [
    ['loop', numbers.loop],
    ['number', numbers.forwardedNumber],
  ],
}

/**
 * Where a call goes right now, and why. The rules of the question are applied in order. The first that knows the destination decides, or
 * replaces the question with another.
 */
export function decide(question: Question, knowledge: Knowledge): Decision {
  const steps: Step[] = []
  const questions: Question[] = []
  const notices: RightsNotice[] = []
  for (let current = question; ; ) {
    questions.push(current)
    const found = firstRuling(current, knowledge, steps)
    const gated = gate(current, found, knowledge)
    steps.push(...gated.steps)
    notices.push(...gated.notices)
    const { to, ask } = gated.to ? gated : found
    if (ask) current = ask
    else
      return ended(
        { to: to ?? { kind: 'refused', reason: 'unknown-number' }, steps, questions, counted: gated.counted, notices },
        knowledge,
      )
  }
}

/** Another node of the site may be the one that is registered at a trunk. */
function ended(decision: Decision, knowledge: Knowledge): Decision {
  const words = registrarWords(decision.to, knowledge)
  return words === null ? decision : { ...decision, steps: [...decision.steps, { rule: 'registrar', words }] }
}

/** What users may do is judged after the rules, in this order. The first judgement that refuses decides. */
const gates = [
  ['draining', drainingRuling],
  ['profile', profileRuling],
  ['features', featureRuling],
  ['rights', rightsRuling],
  ['limits', limitsRuling],
] as const

interface Gated extends Pick<Ruling, 'words' | 'to'>, Pick<Decision, 'notices'> {
  readonly counted?: Decision['counted']
}

function gate(question: Question, found: Ruling, knowledge: Knowledge): Pick<Decision, 'steps' | 'counted' | 'notices'> & Ruling {
  const steps: Step[] = []
  const notices: RightsNotice[] = []
  let counted: Decision['counted'] = []
  for (const [rule, judge] of gates) {
    const ruling: Gated | null = judge(question, found, knowledge)
    if (!ruling) continue
    steps.push({ rule, words: ruling.words })
    notices.push(...ruling.notices)
    counted = ruling.counted ?? []
    if (ruling.to) return { ...ruling, steps, notices, counted }
  }
  return { words: '', steps, notices, counted }
}

function firstRuling(question: Question, knowledge: Knowledge, steps: Step[]): Ruling {
  let ruling: Ruling = { words: '' }
  for (const [rule, apply] of rules[question.kind] as readonly Rule<Question['kind']>[]) {
    ruling = apply(question, knowledge)
    steps.push({ rule, words: ruling.words })
    if (ruling.to || ruling.ask) break
  }
  return ruling
}
