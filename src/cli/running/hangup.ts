import type { Command } from 'commander'
import { askNode } from '../../control/control.js'
import type { Store } from '../../store/store.js'
import { asJson, type CommandNeeds } from '../needs.js'
import { chosenNodes } from '../operator/asked-nodes.js'
import { withDirectory } from '../operator/network.js'
import { type NetworkCalls, networkCalls } from './network-calls.js'

/** `hotdesk hangup` */
export function hangupCommand(command: Command, needs: CommandNeeds): void {
  command
    .argument('<call>', 'the id of a call, as `hotdesk calls --active` shows it')
    .option(...asJson)
    .addHelpText('after', '\nAn emergency call is never ended.\n\nExample:\n  hotdesk hangup 3f2a9c10')
    .action(async (id: string, { json }: { json?: boolean }) => {
      const config = needs.config('look')
      const found = await withDirectory(config, async (directory, store) =>
        hangUp(id, await networkCalls(store, chosenNodes({ all: true }, directory, config)), store),
      )
      const { print, complain, paint } = needs.terminal
      if (json) print(JSON.stringify({ call: id, ...found }))
      else if (found.outcome === 'ended') print(`${paint.strong(id)}: ended`)
      else complain(`${paint.bad('refused:')} ${id}: ${words[found.outcome]}${silentWords(found)}`)
      needs.exit(found.outcome === 'ended' ? 0 : 1)
    })
}

const words = {
  emergency: 'it is an emergency call; nothing may end it',
  unknown: 'there is no such call; hotdesk calls --active lists the calls in progress',
} as const

interface HangUp {
  readonly outcome: 'ended' | keyof typeof words
  readonly silent: readonly string[]
}

/** Ends the call where its caller is; the other node follows. */
async function hangUp(id: string, { calls, silent }: NetworkCalls, store: Pick<Store, 'mailbox'>): Promise<HangUp> {
  const first = calls.find(({ at }) => at.some((part) => part.id === id))?.at[0]
  const { outcome } = first
    ? await askNode(store, first.node, { kind: 'hangup', asked: { call: first.id } })
    : { outcome: 'unknown' as const }
  return { outcome, silent: silent.map(({ node }) => node) }
}

function silentWords({ outcome, silent }: HangUp): string {
  return outcome === 'unknown' && silent.length > 0 ? ` (${silent.join(', ')} did not answer)` : ''
}
