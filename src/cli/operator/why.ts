import { type Command, InvalidArgumentError } from 'commander'
import { systemClock } from '../../base/clock.js'
import { type DeviceId, parseDeviceId } from '../../base/identity.js'
import { silentLogger } from '../../base/logger.js'
import { createRouteExplainer, type Explanation, type Question } from '../../calls/calls.js'
import { asJson, type CommandNeeds } from '../needs.js'
import { type Paint, table } from '../output/terminal.js'
import { withDirectory } from './network.js'
import { type Scene, type SceneNeeds, sceneOf } from './why-context.js'

interface WhyOptions {
  readonly from?: string
  readonly site?: string
  readonly json?: boolean
}

/** `hotdesk why` */
export function whyCommand(command: Command, needs: CommandNeeds): void {
  command
    .argument('<number|device>', 'the number dialled, or the phone of the user who is called', subjectOf)
    .option('--from <device|extension|trunk>', 'the caller (default: any logged-in user)')
    .option('--site <site>', "the site where the call arrives (default: the caller's, else this node's)")
    .option(...asJson)
    .addHelpText(
      'after',
      [
        '\nIt uses the rules for real calls and the current records in Redis. Only a running node knows which trunks are down:',
        'see hotdesk_trunk_up in /metrics.',
        '\nExamples:',
        '  hotdesk why 100',
        '  hotdesk why 00155512345 --from HD0001',
        '  hotdesk why +33199000100 --from paris-carrier --json',
      ].join('\n'),
    )
    .action((subject: string, options: WhyOptions) => why(subject, options, needs))
}

function subjectOf(text: string): string {
  if (/^[+0-9*#]{1,32}$/.test(text) || parseDeviceId(text) !== null) return text
  throw new InvalidArgumentError('Expected a number as dialled, or a device such as HD0001.')
}

async function why(subject: string, { json, ...options }: WhyOptions, needs: CommandNeeds): Promise<void> {
  const config = needs.config('look')
  const { scene, explanation, shown } = await withDirectory(config, async (directory, { replica, clock: networkClock }) => {
    const explainer = createRouteExplainer({ replica, directory, clock: systemClock, networkClock, log: silentLogger() })
    const sceneNeeds: SceneNeeds = { config, directory, explainer }
    const found = sceneOf(options, sceneNeeds)
    const answer = { scene: found, explanation: explained(subject, found, sceneNeeds), shown: shownSubject(subject, found, sceneNeeds) }
    explainer.close()
    return answer
  })
  const { print, paint } = needs.terminal
  if (json) return print(JSON.stringify({ ...summaryOf(shown, scene), ...explanation }, null, 2))
  print(whyLines(shown, scene, explanation, paint).join('\n').trimEnd())
}

function explained(subject: string, scene: Scene, { directory, explainer }: SceneNeeds): Explanation {
  const device = parseDeviceId(subject)
  if (device === null) return explainer.explain(questionOf(subject, scene), scene.at)
  const phone = directory.device(device)
  const user = phone && explainer.diallerOn(phone).user
  return user ? explainer.explain(questionOf(user.extension, scene), scene.at) : unattended(device, phone ? 'free' : 'unknown')
}

/** Digits that lead nowhere may be a PIN, so they are not repeated. */
function shownSubject(subject: string, { caller, at }: Scene, { explainer }: SceneNeeds): string {
  if (parseDeviceId(subject) !== null || caller.kind === 'trunk') return subject
  return explainer.shown(subject, at) ?? 'unknown'
}

function questionOf(digits: string, { caller }: Scene): Question {
  if (caller.kind === 'trunk') return { kind: 'delivered', number: digits }
  return { kind: 'dialled', digits, by: caller.kind === 'phone' ? caller : null }
}

function unattended(device: DeviceId, state: 'free' | 'unknown'): Explanation {
  const words = state === 'free' ? `nobody is logged in at ${device}` : `there is no phone ${device}`
  const outcome = state === 'free' ? 'only a callback from the emergency centre rings it' : 'no call rings it'
  return { steps: [{ rule: 'assignment', words }], outcome, destination: { kind: 'refused', reason: 'not-logged-in' }, otherwise: [] }
}

function summaryOf(subject: string, { site, node, caller, remarks }: Scene) {
  const from = caller.kind === 'phone' ? caller.device.id : caller.kind === 'trunk' ? caller.trunk.name : null
  return { subject, from, site, node, remarks }
}

function whyLines(subject: string, scene: Scene, explanation: Explanation, paint: Paint): string[] {
  const { site, node, remarks } = scene
  return [
    `${paint.strong(subject)} ${callerWords(scene)}, at ${node === null ? site : `node ${node} of ${site}`}`,
    ...remarks.map((remark) => paint.bad(remark)),
    '',
    ...explanationLines(explanation, paint, '  '),
  ]
}

function callerWords({ caller }: Scene): string {
  switch (caller.kind) {
    case 'phone':
      return `dialled at ${caller.device.id}${caller.user ? ` by ${caller.user.name} (${caller.user.extension})` : ''}`
    case 'trunk':
      return `delivered by ${caller.trunk.name}`
    case 'anybody':
      return 'dialled by any logged-in user'
  }
}

/** The steps and the outcome, then the same for each case in which the phone does not take the call. */
function explanationLines({ steps, outcome, otherwise }: Explanation, paint: Paint, indent: string): string[] {
  const rows = table(steps.map(({ rule, words }) => [paint.faint(rule), words]))
  const groups = groupsOf(otherwise)
  return [
    ...rows.map((row) => `${indent}${row}`),
    `${indent}${paint.good('→')} ${paint.strong(outcome)}`,
    ...(groups.length > 0 ? [''] : []),
    ...groups.flatMap((group) => missLines(group, paint, indent)),
  ]
}

/** One line if no forward takes the call. */
function missLines({ reasons, next }: Group, paint: Paint, indent: string): string[] {
  const condition = paint.key(`if ${reasons.join(' or ')}`)
  if (next.destination.kind === 'refused' && next.steps.length === 1) return [`${indent}${condition}, ${next.outcome}`]
  return [`${indent}${condition}`, ...explanationLines(next, paint, `${indent}  `), '']
}

interface Group {
  readonly reasons: string[]
  readonly next: Explanation
}

/** Groups reasons with the same consequence. */
function groupsOf(otherwise: Explanation['otherwise']): Group[] {
  const groups = new Map<string, Group>()
  for (const { reason, next } of otherwise) {
    const group = groups.get(keyOf(next)) ?? { reasons: [], next }
    group.reasons.push(reason.replaceAll('-', ' '))
    groups.set(keyOf(next), group)
  }
  return [...groups.values()]
}

function keyOf({ outcome, destination, steps }: Explanation): string {
  return JSON.stringify([outcome, destination, steps.slice(1)])
}
