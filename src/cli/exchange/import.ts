import { rm } from 'node:fs/promises'
import { basename } from 'node:path'
import { type Command, Option } from 'commander'
import { errors, messageOf } from '../../base/errors.js'
import { counted } from '../../base/output/counted.js'
import { createSeal } from '../../base/seal.js'
import { check, invalid } from '../../config/yaml/yaml-schema.js'
import type { Dialplan } from '../../dialplan/dialplan.js'
import { commandEntry, type Directory } from '../../directory/directory.js'
import type { RecordChange, Store } from '../../store/store.js'
import { asJson, type CommandNeeds } from '../needs.js'
import { withDirectory } from '../operator/network.js'
import { thisOperator } from '../operator/operator-identity.js'
import { reservedBy } from '../operator/reservations.js'
import { listed, ownerWarnings } from '../operator/site-warnings.js'
import { objectionTo, printWarnings, yesOption } from '../records/outcome.js'
import { readDialplan } from '../settings.js'
import { networkFile, readableIn, recordKey } from './file/network-file.js'
import { type Format, formats, readFile } from './file/read-file.js'
import type { Reading } from './file/reading.js'
import { contactChanges, contactCount } from './import-contacts.js'
import { loginWarnings, previewLogins, restoreLogins } from './import-logins.js'
import { orphansOf, type Plan, type Planned, planOf } from './import-plan.js'
import { checkRecords, type ImportRecords } from './import-records.js'
import { importWarnings } from './import-warnings.js'
import { createProgress } from './progress.js'
import { planLines, summaryOf } from './report.js'
import { type Secrets, withSecrets, writeIssued } from './secrets.js'

interface ImportOptions {
  readonly dryRun?: boolean
  readonly format?: Format
  readonly issue?: string
  readonly prune?: boolean
  readonly yes?: boolean
  readonly json?: boolean
}

/** `hotdesk import` */
export function importCommand(command: Command, needs: CommandNeeds): void {
  command
    .argument('<file>', 'YAML or CSV as written by `hotdesk export`; - is standard input')
    .option('--dry-run', 'only print the differences')
    .option('--issue <file>', 'generate missing PINs and passwords, and write them to this new file')
    .option('--prune', 'remove users not in the file, if the file has users; phones likewise; asks first')
    .option(...yesOption)
    .addOption(new Option('--format <form>', 'the format (default: by file name)').choices(formats))
    .option(...asJson)
    .addHelpText(
      'after',
      [
        '\nA record is added, or the fields in the file are changed. In YAML, "" clears a value; an empty cell of a table changes nothing.',
        '\nExamples:',
        '  hotdesk import people.csv --dry-run',
        '  hotdesk import people.csv --issue pins-to-hand-out.csv',
        '  hotdesk import network.yaml',
      ].join('\n'),
    )
    .action(async (file: string, options: ImportOptions) => {
      const reading = await readFile(file, options.format)
      await withDirectory(needs.config('look'), (directory, store) => run({ file, options, reading, needs, directory, store }))
    })
}

interface Run {
  readonly file: string
  readonly options: ImportOptions
  readonly reading: Reading
  readonly needs: CommandNeeds
  readonly directory: Directory
  readonly store: Store
}

async function run(given: Run): Promise<void> {
  const { options, needs, directory, store } = given
  const dialplan = readDialplan(needs.config('look'))
  const { records, logins, contacts } = checkedRecords(given, dialplan)
  const progress = createProgress()
  progress.begin('PINs', records.length)
  const { pin: pins } = needs.config('look')
  const secrets = await withSecrets(records, { directory, pins, missing: options.issue ? 'issue' : 'leave', onDone: progress.reached })
  progress.end()
  const plan = planOf(secrets.ready, { directory, replica: store.replica, others: options.prune ? 'remove' : 'keep' })
  const books = contactChanges({ contacts }, store.replica)
  const orphans = orphansOf(plan, directory)
  const warnings = importWarnings(records, { directory, dialplan, config: needs.config('look') })
  if (!options.dryRun) {
    await confirmRemovals(plan, given)
    await write({ ...plan, books }, secrets, given)
  }
  const loginResult = options.dryRun ? previewLogins(logins, store.replica) : await restoreLogins(logins, store)
  printWarnings(needs, [...warnings, ...ownerWarnings(orphans), ...loginWarnings(loginResult)])
  const { print, paint } = needs.terminal
  const done = { plan, secrets, loginResult, contacts: contactCount(books), form: options.dryRun ? 'shown' : 'done' } as const
  if (options.json) return print(JSON.stringify(summaryOf(done), null, 2))
  for (const line of planLines(done, { issuedTo: options.issue ?? null, paint })) print(line)
}

/** @throws AppError COMMAND_REFUSED unless the removal is confirmed */
async function confirmRemovals({ planned }: Plan, { options, needs }: Run): Promise<void> {
  const names = planned.flatMap(({ action, kind, id }) => (action === 'remove' ? [`${kind === 'users' ? 'user' : 'phone'} ${id}`] : []))
  const objection = names.length > 0 ? await objectionTo(`${counted(names.length, 'record')}: ${listed(names)}`, options, needs) : null
  if (objection === null) return
  throw errors.COMMAND_REFUSED.notConfirmed({ count: counted(names.length, 'record'), names: listed(names), objection })
}

/** @throws AppError IMPORT_INVALID with every problem and its line */
function checkedRecords(
  { file, options, reading: { written, rowProblems, isCopy }, needs, directory }: Run,
  dialplan: Dialplan,
): ImportRecords {
  const config = needs.config('look')
  const checked = check(networkFile, written, recordKey)
  const found = checkRecords('value' in checked ? checked.value : readableIn(written.value), {
    placeOf: written.placeOf,
    directory,
    dialplan,
    reserved: reservedBy(dialplan, config),
    seal: createSeal(config.secret, config.network),
    pins: config.pin,
    others: options.prune ? 'remove' : 'keep',
  })
  const { records } = found
  const wrong = ['problems' in checked ? checked.problems : [], rowProblems, found.problems].flat()
  const isEmpty = options.prune && records.length === 0 && wrong.length === 0
  const nobody = {
    place: basename(file),
    key: '',
    message: 'contains no records, so --prune would remove nothing; is it the right file?',
  }
  const all = isEmpty ? [nobody] : wrong
  if (all.length === 0) return found
  const fault = invalid('IMPORT_INVALID', basename(file), all)
  throw isCopy ? errors.IMPORT_INVALID.savedCopy({ problems: fault.message }, fault) : fault
}

/** Writes the issued secrets first: if they were lost, nobody could log in. */
async function write(
  { planned, books }: Plan & { readonly books: readonly RecordChange[] },
  { issued }: Secrets,
  { options, directory }: Run,
): Promise<void> {
  if (options.issue !== undefined) await writeIssued(options.issue, issued)
  const progress = createProgress()
  progress.begin('records', planned.length)
  const count = (action: Planned['action']): string => String(planned.filter((one) => one.action === action).length)
  const summary = { added: count('add'), changed: count('change'), removed: count('remove'), contacts: String(contactCount(books)) }
  const entries = planned.length + books.length > 0 ? [commandEntry('imported', summary, thisOperator())] : []
  try {
    await directory.apply([...planned.map(({ change }) => change), ...books], progress.reached, entries)
  } catch (fault) {
    if (options.issue !== undefined) await rm(options.issue)
    throw errors.COMMAND_REFUSED.notImported({ reason: messageOf(fault) }, fault)
  } finally {
    progress.end()
  }
}
