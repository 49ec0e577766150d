import { Argument, type Command, InvalidArgumentError } from 'commander'
import { type BookEntry, type Contact, createPhoneBook, parseContactName, parseContactNumber } from '../../directory/directory.js'
import { asJson, type CommandNeeds } from '../needs.js'
import { table } from '../output/terminal.js'
import { type Form, reportDone, reportRefusal } from '../records/outcome.js'
import { readDialplan } from '../settings.js'
import { exportBookCommand, importBookCommand } from './book-file.js'
import { contactObjections, keptNumber } from './entries.js'
import { type OpenBook, type Owned, userOption, withContacts } from './open-book.js'

/** `hotdesk contact …` */
export function contactCommands(contact: Command, needs: CommandNeeds): void {
  contact.addHelpText(
    'after',
    [
      '\nPhones show the central phone book, with the users of all sites, and the personal one of the user who is logged in. Calls from these',
      'numbers show these names. A number is kept in its international form if the dial plan of this site can tell it.',
      '\nExamples:',
      '  hotdesk contact set "+44 20 7946 0100" "Taxi, London"',
      '  hotdesk contact set 0612345678 Mum --user 100',
      '  hotdesk contact find taxi',
      '  hotdesk contact import customers.csv',
    ].join('\n'),
  )
  contact
    .command('set')
    .description('add a contact, or change its name')
    .addArgument(numberArgument())
    .addArgument(new Argument('<name>', 'the name, as phones show it').argParser(nameOf))
    .addOption(userOption())
    .option(...asJson)
    .addHelpText(
      'after',
      '\nExamples:\n  hotdesk contact set +442079460100 "Taxi, London"\n  hotdesk contact set 0612345678 Mum --user 100',
    )
    .action((number: string, name: string, owned: Owned & Form) => withContacts(owned, needs, (book) => set(book, { number, name }, owned)))
  contact
    .command('rm')
    .description('remove contacts')
    .addArgument(new Argument('<number...>', 'their numbers').argParser(numbersOf))
    .addOption(userOption())
    .option(...asJson)
    .addHelpText('after', '\nExamples:\n  hotdesk contact rm +442079460100\n  hotdesk contact rm 0612345678 --user 100')
    .action((numbers: readonly string[], owned: Owned & Form) => withContacts(owned, needs, (book) => remove(book, numbers, owned)))
  contact
    .command('list')
    .description('list the contacts of a phone book')
    .addOption(userOption())
    .option(...asJson)
    .addHelpText('after', '\nExamples:\n  hotdesk contact list\n  hotdesk contact list --user 100 --json')
    .action((owned: Owned & Form) => withContacts(owned, needs, ({ contacts, owner }) => show(contacts.of(owner), owned, needs)))
  contact
    .command('find')
    .description('show what a search at a phone finds, in the central phone book with its users or in a personal one')
    .argument('<text>', 'beginnings of words of the name, or digits of the number')
    .addOption(userOption())
    .option(...asJson)
    .addHelpText('after', '\nExamples:\n  hotdesk contact find mar\n  hotdesk contact find 7946 --json')
    .action((text: string, owned: Owned & Form) =>
      withContacts(owned, needs, ({ contacts, directory, owner }) =>
        show(createPhoneBook({ directory, contacts }).search(owner, text), owned, needs),
      ),
    )
  importBookCommand(contact, needs)
  exportBookCommand(contact, needs)
}

function numberOf(text: string): string {
  const number = parseContactNumber(text)
  if (number === null) throw new InvalidArgumentError('Expected a telephone number.')
  return number
}

function numbersOf(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, numberOf(text)]
}

function nameOf(text: string): string {
  const name = parseContactName(text)
  if (name === null) throw new InvalidArgumentError('Expected up to 100 characters on one line.')
  return name
}

const numberArgument = (): Argument => new Argument('<number>', 'a telephone number in any usual form').argParser(numberOf)

async function set(book: OpenBook, contact: Contact, form: Form): Promise<void> {
  const { needs, contacts, owner } = book
  const number = keptNumber(contact.number, readDialplan(needs.config('look')))
  const command = { needs, subject: number, form }
  const objections = contactObjections([{ ...contact, number }], book)
  if (objections.length > 0) return reportRefusal(command, objections)
  await contacts.put(owner, { [number]: contact.name })
  reportDone(command, 'saved')
}

async function remove({ needs, contacts, owner }: OpenBook, written: readonly string[], form: Form): Promise<void> {
  const dialplan = readDialplan(needs.config('look'))
  const known = new Set(contacts.of(owner).map(({ number }) => number))
  const found = written.map((number) => [number, keptNumber(number, dialplan)].find((one) => known.has(one)) ?? null)
  const unknown = written.filter((_, index) => found[index] === null)
  const command = { needs, subject: written.join(' '), form }
  if (unknown.length > 0)
    return reportRefusal(
      command,
      unknown.map((number) => `${number} is not in the phone book`),
    )
  await contacts.put(owner, Object.fromEntries(found.flatMap((number) => (number === null ? [] : [[number, null]]))))
  reportDone(command, 'removed')
}

function show(entries: readonly (Contact & Partial<BookEntry>)[], { json }: Form, { terminal }: CommandNeeds): void {
  const isFound = entries.some(({ site }) => site !== undefined)
  const rows = entries.map(({ number, name, site }) => [name, number, ...(isFound ? [site ?? '-'] : [])])
  const head = ['NAME', 'NUMBER', ...(isFound ? ['SITE'] : [])]
  const plain = entries.map(({ number, name, site }) => ({ number, name, ...(site === undefined ? {} : { site }) }))
  for (const line of json ? [JSON.stringify(plain, null, 2)] : table([head, ...rows])) terminal.print(line)
}
