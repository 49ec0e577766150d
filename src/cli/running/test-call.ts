import { type Command, InvalidArgumentError, Option } from 'commander'
import { pause, systemClock } from '../../base/clock.js'
import { errors } from '../../base/errors.js'
import { type NodeName, parseDeviceId } from '../../base/identity.js'
import { silentLogger } from '../../base/logger.js'
import { createSeal } from '../../base/seal.js'
import { Secret } from '../../base/secret.js'
import { createRouteExplainer } from '../../calls/calls.js'
import type { Config } from '../../config/config.js'
import { askNode, type Reply } from '../../control/control.js'
import type { Directory } from '../../directory/directory.js'
import type { Store } from '../../store/store.js'
import { asJson, type CommandNeeds } from '../needs.js'
import { subjectOf } from '../nodes/why.js'
import { placeOf } from '../nodes/why-place.js'
import { withDirectory } from '../operator/network.js'
import type { Paint } from '../output/terminal.js'

interface TestCallOptions {
  readonly from?: string
  readonly at?: string
  readonly ringSeconds: number
  readonly seconds: number
  readonly json?: boolean
}

type State = NonNullable<Reply<'testCallState'>['state']>

/** `hotdesk test-call` */
export function testCallCommand(command: Command, needs: CommandNeeds): void {
  command
    .argument('<number|device>', 'the number to call, as dialled; or a phone, which is rung itself even if nobody is logged in', subjectOf)
    .option('--from <device|extension>', 'call as the user of this phone (default: as any logged-in user)')
    .option('--at <node|site>', 'where the call is made (default: where the phone is registered, else this node)')
    .addOption(new Option('--ring-seconds <seconds>', 'how long to let it ring, 1 to 120').default(30).argParser(secondsOf))
    .addOption(new Option('--seconds <seconds>', 'how long the call lasts after the answer, 1 to 120').default(10).argParser(secondsOf))
    .option(...asJson)
    .addHelpText(
      'after',
      [
        '\nThe node makes the call itself, by the rules and rights for a call of that phone, and speaks an announcement. It counts the audio in',
        'both directions and hangs up. Emergency numbers are refused. Exit code 0: answered, and audio has arrived; 1: anything else.',
        '\nExamples:',
        '  hotdesk test-call 100                        does Alice’s phone ring?',
        '  hotdesk test-call --from 100 0033142000000   does a trunk take a call from Alice?',
        '  hotdesk test-call HD0001                     does this phone ring, and can it be heard?',
        '  hotdesk test-call 100 --at london --json',
      ].join('\n'),
    )
    .action((target: string, options: TestCallOptions) => testCall(target, options, needs))
}

function secondsOf(text: string): number {
  const seconds = /^[0-9]{1,3}$/.test(text) ? Number(text) : 0
  if (seconds < 1 || seconds > 120) throw new InvalidArgumentError('Expected seconds, 1 to 120.')
  return seconds
}

async function testCall(target: string, options: TestCallOptions, needs: CommandNeeds): Promise<void> {
  const config = needs.config('look')
  const { json = false } = options
  const state = await withDirectory(config, async (directory, store) => {
    const node = nodeFor(target, options, { config, directory, store })
    const sealed = createSeal(config.secret, config.network).close(new Secret(target), 'hotdesk test-call')
    const asked = { target: sealed, from: options.from ?? null, ringSeconds: options.ringSeconds, talkSeconds: options.seconds }
    const { call } = await askNode(store, node, { kind: 'testCall', asked })
    if (!json) needs.terminal.print(`call ${needs.terminal.paint.strong(call)} at ${node}`)
    const last = await follow(call, node, { store, print: json ? () => undefined : needs.terminal.print })
    return { node, ...last }
  })
  const { print, paint } = needs.terminal
  if (json) print(JSON.stringify(state, null, 2))
  else for (const line of resultLines(state, paint)) print(line)
  needs.exit(state.outcome === 'passed' ? 0 : 1)
}

interface Network {
  readonly config: Config
  readonly directory: Directory
  readonly store: Store
}

/** Where the phone is registered that seems to call, or that is to ring. */
function nodeFor(target: string, { from, at }: TestCallOptions, { config, directory, store }: Network): NodeName {
  const { replica, clock: networkClock } = store
  const explainer = createRouteExplainer({ replica, directory, clock: systemClock, networkClock, log: silentLogger() })
  const phone = from ?? (parseDeviceId(target) === null ? undefined : target)
  const options = { ...(phone === undefined ? {} : { from: phone }), ...(at === undefined ? {} : { at }) }
  const { node, site } = placeOf(options, { config, directory, explainer })
  explainer.close()
  if (node === null) throw errors.COMMAND_REFUSED.testAway({ site })
  return node
}

const lookEveryMs = 300

/** Prints each step as it happens. */
async function follow(
  call: string,
  node: NodeName,
  { store, print }: { readonly store: Store; readonly print: (text: string) => void },
): Promise<State> {
  for (let shown = 0; ; ) {
    const { state } = await askNode(store, node, { kind: 'testCallState', asked: { call } })
    if (state === null) throw errors.NODE_SILENT.failed({ reason: `${node} has restarted during the call` })
    for (const step of state.steps.slice(shown)) print(stepLine(step))
    shown = state.steps.length
    if (state.outcome !== null) return state
    await pause(systemClock, lookEveryMs)
  }
}

function stepLine({ afterMs, step, words }: State['steps'][number]): string {
  return `${(afterMs / 1_000).toFixed(1).padStart(6)} s  ${step.replace('-', ' ').padEnd(11)}  ${words}`
}

const verdicts = {
  passed: 'the call works',
  'no-audio': 'the call was answered, but no audio has arrived',
  failed: 'the call has failed',
} as const

function resultLines({ media, outcome }: State, paint: Paint): string[] {
  const { codec, sent, received, lost, jitterMs, reported } = media
  const verdict = verdicts[outcome ?? 'failed']
  const shown = outcome === 'passed' ? paint.good(verdict) : paint.bad(verdict)
  if (codec === null) return [shown]
  const there = reported
    ? `the other side reports ${reported.lost} lost, jitter ${reported.jitterMs} ms`
    : 'the other side has sent no report'
  return [
    `  codec     ${codec}`,
    `  received  ${received} RTP packets, ${lost} lost, jitter ${jitterMs} ms`,
    `  sent      ${sent} RTP packets; ${there}`,
    shown,
  ]
}
