import { basename } from 'node:path'
import { type Command, Option } from 'commander'
import { stringify } from 'csv-stringify/sync'
import { errors, messageOf } from '../../base/errors.js'
import { counted } from '../../base/output/counted.js'
import { writePrivateFile } from '../../base/output/private-files.js'
import { invalid } from '../../config/yaml/yaml-schema.js'
import { readContent } from '../exchange/file/read-file.js'
import { asJson, type CommandNeeds } from '../needs.js'
import { type Confirmation, objectionTo, reportDone, reportRefusal, yesOption } from '../records/outcome.js'
import { readDialplan } from '../settings.js'
import { readContactTable } from './contact-table.js'
import { contactObjections, keptNumber } from './entries.js'
import { type OpenBook, type Owned, userOption, withContacts } from './open-book.js'

interface ImportOptions extends Owned, Confirmation {
  readonly prune?: boolean
}

/** `hotdesk contact import` */
export function importBookCommand(contact: Command, needs: CommandNeeds): void {
  contact
    .command('import')
    .description('add and change contacts from a table, all or nothing')
    .argument('<file>', 'CSV with the columns number and name; - is standard input')
    .addOption(userOption())
    .addOption(new Option('--prune', 'remove contacts that are not in the file; asks first'))
    .option(...yesOption)
    .option(...asJson)
    .addHelpText('after', '\nExamples:\n  hotdesk contact import customers.csv\n  hotdesk contact import mine.csv --user 100 --prune')
    .action(async (file: string, options: ImportOptions) => {
      const name = file === '-' ? 'standard input' : basename(file)
      const content = await readContent(file, name)
      await withContacts(options, needs, (book) => importInto(book, { content, name, options }))
    })
}

interface Given {
  readonly content: string
  readonly name: string
  readonly options: ImportOptions
}

async function importInto(book: OpenBook, { content, name, options }: Given): Promise<void> {
  const { needs, contacts, owner } = book
  const command = { needs, subject: name, form: options }
  const { rows, problems } = readContactTable(content, name)
  if (problems.length > 0) throw invalid('IMPORT_INVALID', name, problems)
  const dialplan = readDialplan(needs.config('look'))
  const read = rows.map((row) => ({ ...row, number: keptNumber(row.number, dialplan) }))
  const wanted = new Map(read.map((row) => [row.number, row.name]))
  const twice = read.filter((row) => wanted.get(row.number) !== row.name)
  if (twice.length > 0)
    throw invalid(
      'IMPORT_INVALID',
      name,
      twice.map(({ line }) => ({ place: `${name}:${line}:1`, key: '', message: 'the number has another name in another line' })),
    )
  const surplus = options.prune ? contacts.of(owner).filter(({ number }) => !wanted.has(number)) : []
  const objections = contactObjections(read, book)
  if (objections.length > 0) return reportRefusal(command, objections)
  const objection = surplus.length > 0 ? await objectionTo(counted(surplus.length, 'contact'), options, needs) : null
  if (objection !== null) return reportRefusal(command, [objection])
  await contacts.put(owner, Object.fromEntries([...wanted, ...surplus.map(({ number }) => [number, null] as const)]))
  reportDone(command, `${counted(wanted.size, 'contact')} read, ${surplus.length} removed`)
}

/** `hotdesk contact export` */
export function exportBookCommand(contact: Command, needs: CommandNeeds): void {
  contact
    .command('export')
    .description('write a phone book as a table that `hotdesk contact import` reads')
    .argument('[file]', 'the file to write or replace (default: standard output)')
    .addOption(userOption())
    .addHelpText('after', '\nExamples:\n  hotdesk contact export customers.csv\n  hotdesk contact export mine.csv --user 100')
    .action((file: string | undefined, owned: Owned) =>
      withContacts(owned, needs, async ({ contacts, owner }) => {
        const content = stringify([['number', 'name'], ...contacts.of(owner).map(({ number, name }) => [number, name])])
        if (file === undefined) return needs.terminal.deliver(content.trimEnd())
        try {
          await writePrivateFile(file, content)
        } catch (fault) {
          throw errors.FILE_UNUSABLE.unwritable({ file, reason: messageOf(fault) }, fault)
        }
      }),
    )
}
