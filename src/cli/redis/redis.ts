import type { Command } from 'commander'
import type { CommandNeeds } from '../needs.js'
import { installCommand } from './install.js'
import { acceptCommand, restoreCommand } from './losses.js'
import { secretCommand } from './secret.js'

/** `hotdesk redis …` */
export function redisCommands(redis: Command, needs: CommandNeeds): void {
  redis.addHelpText('after', '\nExamples:\n  hotdesk redis install --user hotdesk-install')
  installCommand(redis, needs)
  restoreCommand(redis, needs)
  acceptCommand(redis, needs)
  secretCommand(redis, needs)
}
