import type { Command } from 'commander'
import type { CommandNeeds } from '../needs.js'

/** `hotdesk demo` */
export function demoCommand(program: Command, needs: CommandNeeds): void {
  program
    .command('demo')
    .description('show the main job in half a minute: two nodes, two sites, four phones that really send SIP and RTP')
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
