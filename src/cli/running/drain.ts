import { type Command, InvalidArgumentError, Option } from 'commander'
import { phoneSecondsUnlessSet } from '../../app/operations.js'
import { pause, systemClock } from '../../base/clock.js'
import { errors, isAppError } from '../../base/errors.js'
import type { NodeName } from '../../base/identity.js'
import { counted } from '../../base/output/counted.js'
import { askNode, type Reply } from '../../control/control.js'
import type { Directory } from '../../directory/directory.js'
import type { Store } from '../../store/store.js'
import { asJson, type CommandNeeds } from '../needs.js'
import { addNodeOptions, chosenNodes, type NodeChoice } from '../operator/asked-nodes.js'
import { withDirectory } from '../operator/network.js'
import { drainBySignal } from './drain-by-signal.js'

type Form = { readonly json?: boolean }
type State = Reply<'draining'>

interface DrainOptions {
  readonly stay?: boolean
  readonly wait: boolean
  readonly phoneSeconds: number
}

function secondsOf(text: string): number {
  if (!/^[0-9]{1,5}$/.test(text)) throw new InvalidArgumentError('Expected seconds, 0 to 99999.')
  return Number(text)
}

/** `hotdesk drain` */
export function drainCommand(command: Command, needs: CommandNeeds): void {
  addNodeOptions(command)
    .option('--stay', 'do not end the node after its last call')
    .addOption(
      new Option('--phone-seconds <seconds>', 'how long to wait for phones to register at another node of the site')
        .default(phoneSecondsUnlessSet)
        .argParser(secondsOf),
    )
    .option('--no-wait', 'return at once instead of showing the progress')
    .option(...asJson)
    .addHelpText(
      'after',
      [
        '\nThe node takes no new calls except emergency calls, /readyz is 503, and phones that register again are sent to another node of the site.',
        'Idle connections (TCP, TLS, WebSocket) of phones are closed, so that these phones register again at once; those of phones in a call, after the call.',
        'Phones over UDP move when they register by themselves. A phone that has made an emergency call stays for the quiet time.',
        'When its calls and PIN dialogues have ended by themselves, the node ends. Ctrl-C only ends this command. To take calls again: hotdesk undrain.',
        '\nExamples:',
        '  hotdesk drain                                      the node of this configuration, for an update',
        '  hotdesk drain --node paris-2 --stay',
      ].join('\n'),
    )
    .action(async ({ stay = false, wait, phoneSeconds, json, ...choice }: NodeChoice & Form & DrainOptions) => {
      const config = needs.config('look')
      let isBegun = false
      const draining = withDirectory(config, async (directory, store) => {
        const nodes = chosenNodes(choice, directory, config)
        const begun = await Promise.all(nodes.map((node) => askNode(store, node, { kind: 'drain', asked: { stay, phoneSeconds } })))
        isBegun = true
        for (const [index, node] of nodes.entries()) report(node, begun[index], { json: json === true }, needs)
        if (!wait) return
        const follows = nodes.map((node, index) =>
          follow(node, { stay, json: json === true, first: JSON.stringify(begun[index]) }, { directory, store, needs }),
        )
        await Promise.all(follows)
      })
      await draining.catch((fault: unknown) => {
        if (isBegun) throw fault
        return drainBySignal(fault, { stay, wait, json: json === true, choice }, needs)
      })
    })
}

/** `hotdesk undrain` */
export function undrainCommand(command: Command, needs: CommandNeeds): void {
  addNodeOptions(command)
    .option(...asJson)
    .addHelpText('after', '\nExample:\n  hotdesk undrain --node paris-2')
    .action(async ({ json, ...choice }: NodeChoice & Form) => {
      const config = needs.config('look')
      const undraining = withDirectory(config, async (directory, store) => {
        for (const node of chosenNodes(choice, directory, config)) {
          const state = await askNode(store, node, { kind: 'undrain', asked: {} })
          const words = state.wasDraining ? 'takes calls again' : 'was not draining; it takes calls'
          needs.terminal.print(json ? JSON.stringify({ node, ...state }) : `${node}: ${words}`)
        }
      })
      await undraining.catch((fault: unknown) => {
        if (!isAppError(fault, 'STORE_UNAVAILABLE')) throw fault
        throw errors.STORE_UNAVAILABLE.noUndrain({ reason: fault.says, todo: fault.todo }, fault)
      })
    })
}

interface Following {
  readonly directory: Pick<Directory, 'node'>
  readonly store: Pick<Store, 'mailbox'>
  readonly needs: CommandNeeds
}

/** Until the node has ended, or has no calls and dialogues with `--stay`. Prints each change. */
async function follow(
  node: NodeName,
  { first, ...form }: { readonly stay: boolean; readonly json: boolean; readonly first: string },
  { directory, store, needs }: Following,
): Promise<void> {
  let shown = first
  for (;;) {
    const state = await stateOf(node, store)
    if (state === null || !directory.node(node))
      return needs.terminal.print(form.json ? JSON.stringify({ node, ended: true }) : `${node}: ended`)
    if (!state.draining) return needs.terminal.print(form.json ? JSON.stringify({ node, ...state }) : `${node}: takes calls again`)
    if (JSON.stringify(state) !== shown) report(node, state, form, needs)
    shown = JSON.stringify(state)
    if (form.stay && state.calls === 0 && state.dialogues === 0) return
    await pause(systemClock, 1_000)
  }
}

/** null: it has ended. */
async function stateOf(node: NodeName, store: Pick<Store, 'mailbox'>): Promise<State | null> {
  try {
    return await askNode(store, node, { kind: 'draining', asked: {} })
  } catch (fault) {
    if (isAppError(fault, 'NODE_SILENT')) return null
    throw fault
  }
}

function report(node: NodeName, state: State | undefined, { json }: { readonly json: boolean }, { terminal }: CommandNeeds): void {
  if (!state) return
  const { calls, emergencies, dialogues, phones, moved, sisters } = state
  const emergency = emergencies > 0 ? `, ${emergencies} of them emergency calls` : ''
  const dialogue = dialogues > 0 ? `, ${counted(dialogues, 'dialogue')}` : ''
  const movedText = moved > 0 ? `, ${moved} moved` : ''
  const phonesText =
    sisters.length > 0
      ? `${counted(phones, 'phone')} still registered here${movedText}`
      : `no other node of the site is up, so its phones stay`
  terminal.print(
    json ? JSON.stringify({ node, ...state }) : `${node}: ${counted(calls, 'call')} in progress${emergency}${dialogue}; ${phonesText}`,
  )
}
