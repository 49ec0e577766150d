import type { Asked, Decision, Finding, Knowledge, Question, Step } from './contract.js'
import * as numbers from './number-rules.js'
import * as users from './user-rules.js'

type Rule<Kind extends Question['kind']> = readonly [name: string, ask: (question: Asked<Kind>, knowledge: Knowledge) => Finding]

/** Each question and the rules that are asked, in this order. */
const rules: { readonly [Kind in Question['kind']]: readonly Rule<Kind>[] } = {
  dialled: [
    ['emergency', numbers.emergency],
    ['code', numbers.code],
    ['caller', numbers.caller],
    ['leaving', numbers.leaving],
    ['number', numbers.dialledNumber],
  ],
  delivered: [
    ['call back', numbers.callBack],
    ['number', numbers.direct],
  ],
  handed: [['number', numbers.handed]],
  extension: [['user', users.known]],
  user: [
    ['forward', users.always],
    ['seat', users.seats],
  ],
  seated: [['phone', users.registrations]],
  missed: [['forward', users.forward]],
  redirected: [['forward', users.redirection]],
  forwarded: [
    ['loop', numbers.loop],
    ['number', numbers.forwardedNumber],
  ],
}

/**
 * Where a call goes right now, and why. The rules of the question are asked one after the other: the first that knows where the call
 * goes decides, or asks another question in its place.
 */
export function decide(question: Question, knowledge: Knowledge): Decision {
  const steps: Step[] = []
  const questions: Question[] = []
  for (let asked = question; ; ) {
    questions.push(asked)
    const { to, ask } = firstRuling(asked, knowledge, steps)
    if (ask) asked = ask
    else return { to: to ?? { kind: 'refused', reason: 'unknown-number' }, steps, questions }
  }
}

function firstRuling(question: Question, knowledge: Knowledge, steps: Step[]): Finding {
  let finding: Finding = { words: '' }
  for (const [rule, ask] of rules[question.kind] as readonly Rule<Question['kind']>[]) {
    finding = ask(question, knowledge)
    steps.push({ rule, words: finding.words })
    if (finding.to || finding.ask) break
  }
  return finding
}
