import type { Command } from 'commander'
import type { Config, RedisTarget } from '../../config/config.js'
import { installPassword } from '../../config/environment.js'
import { redisTargetAs } from '../../config/redis-target.js'
import { hotdeskLibrary } from '../../hotdesk/hotdesk.js'
import { type Installation, installLibrary } from '../../store/store.js'
import { asJson, type CommandNeeds } from '../needs.js'
import { reachable } from '../operator/network.js'
import { askSecret } from './password.js'

interface InstallOptions {
  readonly user?: string
  readonly now?: boolean
  readonly force?: boolean
  readonly json?: boolean
}

/** `hotdesk redis install` */
export function installCommand(redis: Command, needs: CommandNeeds): void {
  redis
    .command('install')
    .description('load the function library into Redis before a new version starts')
    .option('--user <name>', 'a Redis user that may load functions (default: the configured user)')
    .option('--now', 'even while older nodes run; they refuse logins until they are updated')
    .option('--force', 'even if Redis holds a newer version, or this version with different content')
    .option(...asJson)
    .addHelpText(
      'after',
      [
        '\nThe password of --user is HOTDESK_REDIS_INSTALL_PASSWORD, or is asked for. Nodes check the library and do not load it: their Redis',
        'user needs no right to. src/store/README.md has both users.',
        '\nExamples:',
        '  hotdesk redis install --user hotdesk-install',
        '  hotdesk redis install --user hotdesk-install --now          an update while nodes run',
        '  HOTDESK_REDIS_INSTALL_PASSWORD=… hotdesk redis install --user hotdesk-install',
      ].join('\n'),
    )
    .action(async (options: InstallOptions) => {
      const config = needs.config('look')
      const redisPlace = await placeFor(config, options.user)
      const override = options.force ? 'force' : options.now ? 'now' : 'nothing'
      const found = await installLibrary({ redis: redisPlace, network: config.network, functions: hotdeskLibrary, override })
      tell(found, options, needs)
    })
}

async function placeFor(config: Config, user: string | undefined): Promise<Exclude<RedisTarget, { kind: 'embedded' }>> {
  const place = reachable(config)
  if (user === undefined) return place
  return redisTargetAs(place, user, installPassword() ?? (await askSecret(`Password of the Redis user ${user}: `)))
}

function tell(found: Installation, { json }: InstallOptions, { terminal, exit }: CommandNeeds): void {
  const isRefused = found.outcome === 'REFUSED'
  if (json) terminal.print(JSON.stringify(found, null, 2))
  else if (isRefused)
    terminal.complain(`${terminal.paint.bad('Not installed')}: ${found.reason}. To install anyway: hotdesk redis install ${found.option}`)
  else terminal.print(doneWords(found))
  if (isRefused) exit(1)
}

function doneWords(found: Exclude<Installation, { outcome: 'REFUSED' }>): string {
  if (found.outcome === 'PRESENT') return `Redis already holds version ${found.version} of the function library.`
  const instead = found.before === 0 ? '' : ` in place of version ${found.before}`
  const where = found.servers === 1 ? '' : `, at ${found.servers} primaries`
  return `Installed: version ${found.version} of the function library${instead}${where}.`
}
