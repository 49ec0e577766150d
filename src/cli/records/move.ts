import type { Command } from 'commander'
import type { Extension, SiteName } from '../../base/identity.js'
import type { Directory } from '../../directory/directory.js'
import type { Store } from '../../store/store.js'
import { asJson, type CommandNeeds } from '../needs.js'
import { extensionArgument, siteOption } from '../operator/arguments.js'
import { withDirectory } from '../operator/network.js'
import { planAt, reservedBy } from '../operator/reservations.js'
import { sitesIn } from '../operator/site-overview.js'
import { numberWarnings, siteWarnings } from '../operator/site-warnings.js'
import { readDialplan } from '../settings.js'
import { type Form, printWarnings, type RecordCommand, reportRefusal, reportSaved, unknownText } from './outcome.js'
import { planLinesWith } from './plan-lines.js'

/** `hotdesk user move` */
export function moveCommand(user: Command, needs: CommandNeeds): void {
  user
    .command('move')
    .description('make another site the home of a user; logins stay')
    .addArgument(extensionArgument())
    .addOption(siteOption('--to', 'the new home site').makeOptionMandatory())
    .option(...asJson)
    .addHelpText('after', '\nExample:\n  hotdesk user move 100 --to paris')
    .action((extension: Extension, { to, ...form }: Form & { to: SiteName }) =>
      withDirectory(needs.config('look'), (directory, store) =>
        move({ needs, kind: 'user', subject: extension, form }, { extension, to, directory, store }),
      ),
    )
}

interface Moving {
  readonly extension: Extension
  readonly to: SiteName
  readonly directory: Directory
  readonly store: Store
}

async function move(command: RecordCommand, { extension, to, directory, store }: Moving): Promise<void> {
  const config = command.needs.config('look')
  const user = directory.user(extension)
  if (!user) return reportRefusal(command, [unknownText('user')])
  if (user.home === to) return reportRefusal(command, [`${to} is already the home of this user`])
  const reserved = reservedBy(readDialplan(config), config)(extension)
  // A mistyped home would apply the rules of a site that does not exist.
  const obstacles = [...(reserved === null ? [] : [reserved]), ...siteWarnings([to], directory, config)]
  if (obstacles.length > 0) return reportRefusal(command, obstacles)
  if (!reportSaved(command, await directory.putUser(extension, { home: to }, 'known'))) return
  const sites = sitesIn(directory, store.replica, config)
  const plan = planAt(to, config)
  const phones = directory.ownedBy(extension).filter(({ site }) => site !== to)
  const old = sites.filter(({ site }) => site === user.home)
  printWarnings(command.needs, [
    ...phones.map(
      ({ id, site }) => `${id}, the user's own phone, is still at ${site}: hotdesk device set ${id} --site ${to} --location "…"`,
    ),
    ...planLinesWith(extension, old).map((line) => `a line of the dial plan of ${user.home} names ${extension}: ${line}`),
    ...(plan ? numberWarnings([extension], plan) : []),
  ])
}
