import { relative } from 'node:path'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { systemClock } from '../../base/clock.js'
import { type AppError, errors } from '../../base/errors.js'
import { parseDeviceId } from '../../base/identity.js'
import { silentLogger } from '../../base/logger.js'
import { createSeal } from '../../base/seal.js'
import { Secret } from '../../base/secret.js'
import { answerWhy, createRouteExplainer, type WhyAnswer } from '../../calls/calls.js'
import { askNode, type Reply } from '../../control/control.js'
import { asJson, type CommandNeeds } from '../needs.js'
import { asked } from '../operator/asked-nodes.js'
import { withDirectory } from '../operator/network.js'
import { fileOf } from '../operator/site-overview.js'
import { type Paint, table } from '../output/terminal.js'
import { readDialplan } from '../settings.js'
import { nextQuestion } from './next-question.js'
import { type Place, type PlaceNeeds, placeOf, type WhyOptions } from './why-place.js'

type Explanation = WhyAnswer['explanation']

/** `hotdesk why` */
export function whyCommand(command: Command, needs: CommandNeeds): void {
  command
    .argument('<number|device>', 'the number dialled, or the phone of the user who is called', subjectOf)
    .option('--from <device|extension|trunk>', 'the caller (default: any logged-in user)')
    .addOption(new Option('--at <node|site>', "where the call arrives (default: the caller's node, else this one)").conflicts('site'))
    .option('--site <site>', 'the same, for a site')
    .option(...asJson)
    .addHelpText(
      'after',
      [
        '\nA running node answers, by its dial plan, its trunks and the rules for real calls. If no node of the site answers, the dial plan',
        'on this machine is used, if it is of that site.',
        '\nExamples:',
        '  hotdesk why 100',
        '  hotdesk why 100 --at london',
        '  hotdesk why 00155512345 --from HD0001',
        '  hotdesk why +33199000100 --from paris-carrier --json',
      ].join('\n'),
    )
    .action((subject: string, options: WhyOptions & { json?: boolean }) => why(subject, options, needs))
}

/** A break-out code with the name of the site: `*68*london*020…`. */
const namesSite = /^[*#][0-9*#]*[a-z][a-z0-9-]*\*[+0-9*#]*$/

export function subjectOf(text: string): string {
  if (/^[+0-9*#]{1,32}$/.test(text) || namesSite.test(text) || parseDeviceId(text) !== null) return text
  throw new InvalidArgumentError('Expected a number as dialled, or a device such as HD0001.')
}

async function why(subject: string, { json, ...options }: WhyOptions & { json?: boolean }, needs: CommandNeeds): Promise<void> {
  const config = needs.config('look')
  const { place, answer } = await withDirectory(config, async (directory, store) => {
    const { replica, clock: networkClock } = store
    const explainer = createRouteExplainer({ replica, directory, clock: systemClock, networkClock, log: silentLogger() })
    const found = placeOf(options, { config, directory, explainer })
    const question = { subject, from: options.from ?? null }
    const sealed = createSeal(config.secret, config.network).close(new Secret(subject), 'hotdesk why')
    const request = { kind: 'why', asked: { ...question, subject: sealed } } as const
    const reply = await asked(found, directory, (node) => askNode(store, node, request))
    const onDisk = (fault: AppError) => fromDisk(question, { ...found, fault }, { config, directory, explainer })
    const answered = 'answer' in reply ? fromNode(reply.answer, found) : onDisk(reply.fault)
    explainer.close()
    return { place: found, answer: answered }
  })
  const { print, paint, hint } = needs.terminal
  if (json) return print(JSON.stringify(summaryOf(place, answer), null, 2))
  print(hint(whyLines(place, answer, paint).join('\n').trimEnd()))
}

/** An answer as it is printed. */
interface Answer extends Pick<Reply<'why'>, 'from' | 'caller' | 'remarks' | 'explanation'> {
  readonly shown: string
  /** The dial plan by which it was found; null: the one on the disk of this machine. */
  readonly plan: Reply<'why'>['plan'] | null
}

function fromNode({ remarks, ...reply }: Reply<'why'>, { node }: Place): Answer {
  return { ...reply, remarks: [...remarks, ...reply.plan.problems.map((problem) => `the dial plan of ${node}: ${problem}`)] }
}

/** By the rules that a node uses, without what only a node knows. @throws the reason why no node has answered, unless the plan is here */
function fromDisk(question: { subject: string; from: string | null }, at: Place & { fault: AppError }, needs: PlaceNeeds): Answer {
  const { config, directory, explainer } = needs
  const file = fileOf(at.site, config)
  if (file === null) throw errors.COMMAND_REFUSED.planElsewhere({ site: at.site, reason: at.fault.says }, at.fault)
  const dialplan = readDialplan({ ...config, site: at.site, dialplan: file })
  const found = answerWhy(question, { directory, explainer, at: { node: at.node ?? config.node, dialplan } })
  const remarks = [
    ...found.remarks,
    ...(at.node === null ? [`no node of ${at.site} is up, so the call is not accepted`] : [at.fault.says]),
    `this is the dial plan on this machine, ${relative(process.cwd(), file)}, with all trunks up`,
  ]
  return { shown: found.subject, from: found.from, caller: found.caller, remarks, explanation: plainOf(found.explanation), plan: null }
}

/** As it arrives from a node. */
function plainOf({ steps, outcome, destination, otherwise }: Explanation): Reply<'why'>['explanation'] {
  const further = otherwise.map(({ reason, next }) => ({ reason, next: plainOf(next) }))
  return { steps: [...steps], outcome, destination, otherwise: further }
}

function summaryOf({ site, node }: Place, { shown, from, remarks, plan, explanation }: Answer) {
  return { subject: shown, from, site, node, remarks, plan, ...explanation, next: nextQuestion(explanation, from) }
}

function whyLines({ site, node }: Place, { shown, from, caller, remarks, explanation }: Answer, paint: Paint): string[] {
  const next = nextQuestion(explanation, from)
  return [
    `${paint.strong(shown === 'unknown' ? 'an unknown number' : shown)} ${caller}, at ${node === null ? site : `node ${node} of ${site}`}`,
    ...remarks.map((remark) => paint.bad(remark)),
    '',
    ...explanationLines(explanation, paint, '  '),
    ...(next === null ? [] : ['', `  and there: ${next}`]),
  ]
}

/** The steps and the outcome, then the same for each case in which the phone does not take the call. */
function explanationLines({ steps, outcome, otherwise }: Reply<'why'>['explanation'], paint: Paint, indent: string): string[] {
  const rows = table(steps.map(({ rule, words }) => [paint.faint(rule), words]))
  const groups = groupsOf(otherwise)
  return [
    ...rows.map((row) => `${indent}${row}`),
    `${indent}${paint.good('→')} ${paint.strong(outcome)}`,
    ...(groups.length > 0 ? [''] : []),
    ...groups.flatMap((group) => missLines(group, paint, indent)),
  ]
}

/** The rules that ask what takes a call instead of the phone. */
const whenMissed: ReadonlySet<string> = new Set(['forward', 'voicemail'])

/** One line if neither a forward nor voicemail takes the call. */
function missLines({ reasons, next }: Group, paint: Paint, indent: string): string[] {
  const condition = paint.key(`if ${reasons.join(' or ')}`)
  const isMissed = next.steps.every(({ rule }) => whenMissed.has(rule))
  if (next.destination.kind === 'refused' && isMissed) return [`${indent}${condition}, ${next.outcome}`]
  return [`${indent}${condition}`, ...explanationLines(next, paint, `${indent}  `), '']
}

interface Group {
  readonly reasons: string[]
  readonly next: Reply<'why'>['explanation']
}

/** Groups reasons with the same consequence. */
function groupsOf(otherwise: Reply<'why'>['explanation']['otherwise']): Group[] {
  const groups = new Map<string, Group>()
  for (const { reason, next } of otherwise) {
    const group = groups.get(keyOf(next)) ?? { reasons: [], next }
    group.reasons.push(reason.replaceAll('-', ' '))
    groups.set(keyOf(next), group)
  }
  return [...groups.values()]
}

function keyOf({ outcome, destination, steps }: Reply<'why'>['explanation']): string {
  return JSON.stringify([outcome, destination, steps.slice(1)])
}
