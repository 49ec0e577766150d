import type { Command } from 'commander'
import { errors, messageOf } from '../../base/errors.js'
import { counted } from '../../base/output/counted.js'
import { createSeal } from '../../base/seal.js'
import type { Config } from '../../config/config.js'
import { auditEntries, commandEntry, createSecretCheck, passwordsIn } from '../../directory/directory.js'
import { type RecordChange, readSavedCopy, removalMarks, type SavedRecords, type Store } from '../../store/store.js'
import { restoreLogins } from '../exchange/import-logins.js'
import { asJson, type CommandNeeds } from '../needs.js'
import { withStore } from '../operator/network.js'
import { thisOperator } from '../operator/operator-identity.js'

/** The mark that stands for all records. */
const everything = '*'
const markSeconds = 30 * 24 * 60 * 60

/** `hotdesk redis accept` */
export function acceptCommand(redis: Command, needs: CommandNeeds): void {
  redis
    .command('accept')
    .description('confirm that missing records were removed on purpose; the nodes then drop them too')
    .option(...asJson)
    .addHelpText('after', '\nExamples:\n  hotdesk redis accept')
    .action(async ({ json }: { json?: boolean }) => {
      await withStore(needs.config('look'), async (store) => {
        const mark = { key: removalMarks, fields: { [everything]: String(Math.ceil(store.clock.now() / 1_000)) } }
        await store.writeAll([mark], undefined, [commandEntry('accepted', {}, thisOperator())])
        await store.renew(removalMarks, markSeconds)
      })
      needs.terminal.print(
        json ? JSON.stringify({ outcome: 'ACCEPTED' }) : 'Accepted: within seconds the nodes continue with the records in Redis.',
      )
    })
}

/** `hotdesk redis restore` */
export function restoreCommand(redis: Command, needs: CommandNeeds): void {
  redis
    .command('restore')
    .description('write back the records of a saved copy that are missing in Redis')
    .argument('<file>', 'a copy saved by a node, such as data/copy-hd.emptied.jsonl')
    .option('--dry-run', 'only print how many')
    .option(...asJson)
    .addHelpText(
      'after',
      '\nExamples:\n  hotdesk redis restore data/copy-hd.emptied.jsonl --dry-run\n  hotdesk redis restore data/copy-hd.emptied.jsonl',
    )
    .action(async (file: string, { dryRun, json }: { dryRun?: boolean; json?: boolean }) => {
      const saved = await readSavedCopy(file).catch((fault: unknown) => {
        throw errors.FILE_UNUSABLE.unusableCopy({ file, reason: messageOf(fault) }, fault)
      })
      const config = needs.config('look')
      const restored = await withStore(config, async (store) => {
        await requireSecretOf(saved, store, config)
        return restore(saved, store, dryRun ? 'shown' : 'done')
      })
      const { users, phones, logins } = restored
      const how = dryRun ? 'Would write back' : 'Written back'
      needs.terminal.print(
        json ? JSON.stringify(restored) : `${how}: ${counted(users, 'user')}, ${counted(phones, 'phone')}, ${counted(logins, 'login')}.`,
      )
    })
}

/** @throws AppError SECRET_DIFFERS if the network has another secret, COMMAND_REFUSED if the copy was saved under another */
async function requireSecretOf(saved: SavedRecords, store: Store, config: Config): Promise<void> {
  const seal = createSeal(config.secret, config.network)
  await createSecretCheck({ store, seal }).verify()
  const { opened, sealed } = passwordsIn(saved, seal)
  if (opened === sealed) return
  throw errors.COMMAND_REFUSED.otherSecretInCopy({ opened, sealed })
}

/** Fields of a site that an operator sets. */
const siteSettings = new Set(['name', 'homeLostLogout', 'homeReturn'])

interface Restored {
  readonly users: number
  readonly phones: number
  readonly logins: number
}

async function restore(saved: SavedRecords, store: Store, form: 'shown' | 'done'): Promise<Restored> {
  const isMissing = (key: string): boolean => store.replica.hash(key) === undefined
  const records = [...saved].filter(([key]) => /^(user|device|site):/.test(key) && isMissing(key))
  const settings = [...saved].flatMap(([key, hash]) => (key.startsWith('site:') && !isMissing(key) ? missingSettings(key, hash) : []))
  const logins = [...(saved.get('devices') ?? [])].filter(([device, extension]) => isFree(device, extension))
  const changes: RecordChange[] = [...records.map(([key, hash]) => ({ key, fields: Object.fromEntries(hash) })), ...settings]
  const count = (kind: string): number => records.filter(([key]) => key.startsWith(kind)).length
  const found = { users: count('user:'), phones: count('device:') }
  if (form === 'shown') return { ...found, logins: logins.length }
  const operator = thisOperator()
  const summary = { users: String(found.users), phones: String(found.phones) }
  const audit = auditEntries(changes, operator, isMissing)
  await store.writeAll(changes, undefined, [...audit, commandEntry('restored', summary, operator)])
  // Another user may have logged in meanwhile.
  const { restored } = await restoreLogins(
    logins.map(([device, user]) => ({ device, user })),
    store,
  )
  return { ...found, logins: restored.length }

  /** Settings of a site whose record a live node has recreated without them. */
  function missingSettings(key: string, hash: ReadonlyMap<string, string>): RecordChange[] {
    const present = store.replica.hash(key)
    const fields = [...hash].filter(([field]) => siteSettings.has(field) && present?.has(field) !== true)
    return fields.length === 0 ? [] : [{ key, fields: Object.fromEntries(fields) }]
  }

  /** Whether no later login or logout exists. */
  function isFree(device: string, extension: string): boolean {
    const [devices, users] = [store.replica.hash('devices'), store.replica.hash('users')]
    const record = store.replica.hash(`device:${device}`) ?? saved.get(`device:${device}`)
    const isElsewhere = users?.has(extension) === true && users.get(extension) !== device
    // A phone that a node reset after its login vanished (cause `edited`) was not logged out.
    const isLoggedOut = record?.get('state') === 'idle' && record.get('cause') !== 'edited'
    return devices?.has(device) !== true && !isElsewhere && !isLoggedOut
  }
}
