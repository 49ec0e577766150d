import type { Command } from 'commander'
import type { CommandNeeds } from '../needs.js'

/** `hotdesk demo` */
export function demoCommand(command: Command, needs: CommandNeeds): void {
  command
    .addHelpText('after', '\nIt uses its own Redis and its own ports on 127.0.0.1, and leaves nothing behind.\n\nExample:\n  hotdesk demo')
    .action(async () => {
      // Loaded only here: other commands start faster without a whole node.
      const { demo } = await import('./demo.js')
      needs.exit(await demo(needs))
    })
}
