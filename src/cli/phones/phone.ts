import { type Command, InvalidArgumentError, Option } from 'commander'
import type { DeviceId } from '../../base/identity.js'
import { asJson, type CommandNeeds } from '../needs.js'
import { deviceArgument, extensionOption, siteOption } from '../operator/arguments.js'
import type { Form } from '../records/outcome.js'
import { type EnrolOptions, enrol } from './enrolment.js'
import { listPhones } from './list.js'
import { type PreviewOptions, previewPhone } from './preview.js'
import { type ShowOptions, showPhone } from './show.js'
import { activationCode, issueUrl, revokeUrl } from './tokens.js'

/** `hotdesk phone …`: how phones get their configuration. */
export function phoneCommands(phone: Command, needs: CommandNeeds): void {
  phone.addHelpText(
    'after',
    [
      '\nExamples:',
      '  hotdesk phone url HD0001              for the settings of the phone',
      '  hotdesk phone enrol --minutes 10      phones that ask now become yours',
      '  hotdesk phone code HD0005             a code to type at a new phone',
      '  hotdesk phone list',
      '  hotdesk phone preview HD0001 --user 100',
      '  hotdesk phone show HD0001 --user 100  the keys that the user has there',
    ].join('\n'),
  )
  phone
    .command('url')
    .description('issue a new URL from which a phone fetches its configuration; it is shown once')
    .addHelpText('after', '\nThe previous URL of the phone no longer works.\n\nExample:\n  hotdesk phone url HD0001')
    .addArgument(deviceArgument())
    .option(...asJson)
    .action((device: DeviceId, form: Form) => issueUrl(device, form, needs))
  phone
    .command('revoke')
    .description('make the URL of a phone, and its activation code, invalid')
    .addHelpText('after', '\nExample:\n  hotdesk phone revoke HD0001')
    .addArgument(deviceArgument())
    .option(...asJson)
    .action((device: DeviceId, form: Form) => revokeUrl(device, form, needs))
  phone
    .command('code')
    .description('issue a code that is typed at a new phone when it asks for a password')
    .addHelpText('after', '\nThe user name is the name of the phone.\n\nExample:\n  hotdesk phone code HD0005 --minutes 30')
    .addArgument(deviceArgument())
    .addOption(new Option('--minutes <minutes>', 'how long it is valid, 1 to 1440').default(60).argParser(numberUpTo(1_440)))
    .option(...asJson)
    .action((device: DeviceId, options: Form & { minutes: number }) => activationCode(device, options, needs))
  phone
    .command('enrol')
    .description('for some minutes, give new phones of a site their configuration without a proof')
    .addHelpText('after', '\nExamples:\n  hotdesk phone enrol --minutes 10 --location "Paris, 3rd floor"\n  hotdesk phone enrol --close')
    .addOption(siteOption('--site', 'the site (default: that of this node)'))
    .addOption(new Option('--minutes <minutes>', 'how long, 1 to 240').default(10).argParser(numberUpTo(240)))
    .addOption(new Option('--phones <count>', 'how many phones at most, 1 to 500').default(20).argParser(numberUpTo(500)))
    .option('--location <text>', 'location of phones that have no record yet; without it, nobody can log in at them')
    .option('--close', 'end it now')
    .option(...asJson)
    .action((options: EnrolOptions) => enrol(options, needs))
  lookingCommands(phone, needs)
}

function lookingCommands(phone: Command, needs: CommandNeeds): void {
  phone
    .command('show')
    .description('show display and keys of a phone, and the keys that it cannot show')
    .addHelpText('after', '\nExamples:\n  hotdesk phone show HD0001\n  hotdesk phone show HD0001 --user 100      as if 100 were logged in')
    .addArgument(deviceArgument())
    .addOption(extensionOption('--user', 'as if this user were logged in at it'))
    .option(...asJson)
    .action((device: DeviceId, options: ShowOptions) => showPhone(device, options, needs))
  phone
    .command('list')
    .description('list every phone and when it last fetched its configuration')
    .addHelpText('after', '\nExamples:\n  hotdesk phone list\n  hotdesk phone list --json')
    .option(...asJson)
    .action((form: Form) => listPhones(form, needs))
  phone
    .command('preview')
    .description('show the configuration that a phone would get, and check it; nothing changes')
    .addHelpText(
      'after',
      '\nExamples:\n  hotdesk phone preview HD0001 --user 100\n  hotdesk phone preview HD0001 --idle --template new/yealink.liquid',
    )
    .addArgument(deviceArgument())
    .addOption(extensionOption('--user', 'as if this user were logged in there').conflicts('idle'))
    .option('--idle', 'as if nobody were logged in there')
    .option('--template <file>', 'with this template instead of the installed one')
    .option(...asJson)
    .action((device: DeviceId, options: PreviewOptions) => previewPhone(device, options, needs))
}

function numberUpTo(most: number): (text: string) => number {
  return (text) => {
    const number = /^[0-9]{1,4}$/.test(text) ? Number(text) : 0
    if (number < 1 || number > most) throw new InvalidArgumentError(`Expected a number, 1 to ${most}.`)
    return number
  }
}
