import type { Command } from 'commander'
import type { CommandNeeds } from '../needs.js'

/** `hotdesk demo` */
export function demoCommand(command: Command, needs: CommandNeeds): void {
  command
    .addHelpText(
      'after',
      '\nNothing of yours is touched: its own Redis, its own ports on 127.0.0.1, all gone afterwards.\n\nExample:\n  hotdesk demo',
    )
    .action(async () => {
      // Loaded only here: other commands start faster without a whole node.
      const { demo } = await import('./demo.js')
      needs.exit(await demo(needs))
    })
}
