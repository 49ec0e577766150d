import type { Command } from 'commander'
import { errors } from '../../base/errors.js'
import { parseDeviceId } from '../../base/identity.js'
import { silentLogger } from '../../base/logger.js'
import { counted } from '../../base/output/counted.js'
import { createSeal, type Seal } from '../../base/seal.js'
import type { Config } from '../../config/config.js'
import { newSecret } from '../../config/environment.js'
import { commandEntry, createDirectory, createSecretCheck, secretKey } from '../../directory/directory.js'
import type { RecordChange, Store } from '../../store/store.js'
import { asJson, type CommandNeeds } from '../needs.js'
import { withStore } from '../operator/network.js'
import { thisOperator } from '../operator/operator-identity.js'
import { askSecret } from './password.js'

interface SecretOptions {
  readonly change?: boolean
  readonly adopt?: boolean
  readonly now?: boolean
  readonly json?: boolean
}

/** `hotdesk redis secret` */
export function secretCommand(redis: Command, needs: CommandNeeds): void {
  redis
    .command('secret')
    .description('compare, change or replace the secret of the network')
    .option('--change', 'reseal every phone password with a new secret')
    .option('--adopt', 'make the configured secret that of the network; phones whose password it cannot open need a new one')
    .option('--now', 'with --change or --adopt: even while nodes run; each then needs the new secret and a restart')
    .option(...asJson)
    .addHelpText(
      'after',
      [
        '\nRedis holds a fingerprint of the secret. A node with another secret does not start.',
        '--change takes the new secret from HOTDESK_NEW_SECRET, or asks for it. Stop the nodes, change the secret, set it on every node, start them.',
        '\nExamples:',
        '  hotdesk redis secret',
        '  HOTDESK_NEW_SECRET=$(openssl rand -hex 32) hotdesk redis secret --change',
        '  hotdesk redis secret --adopt                  if the old secret is lost; then hotdesk device password for each phone',
      ].join('\n'),
    )
    .action(async (options: SecretOptions) => {
      const config = needs.config('look')
      const outcome = await withStore(config, (store) => run(store, config, options))
      needs.terminal.print(options.json ? JSON.stringify(outcome) : wordsOf(outcome))
    })
}

type Outcome =
  | { readonly outcome: 'SAME' }
  | { readonly outcome: 'CHANGED'; readonly sealed: number }
  | { readonly outcome: 'ADOPTED'; readonly opened: number; readonly broken: readonly string[] }

async function run(store: Store, config: Config, { change, adopt, now }: SecretOptions): Promise<Outcome> {
  const seal = createSeal(config.secret, config.network)
  if (change && adopt) throw errors.COMMAND_REFUSED.secretOptions()
  if (!change && !adopt) {
    await createSecretCheck({ store, seal }).verify()
    return { outcome: 'SAME' }
  }
  if (!now) refuseWhileNodesRun(store, seal)
  if (adopt) return adoptSecret(store, seal)
  await createSecretCheck({ store, seal }).verify()
  const secret = newSecret() ?? (await askSecret('New secret: '))
  if (secret.reveal().length < 16) throw errors.COMMAND_REFUSED.shortSecret()
  return changeSecret(store, seal, createSeal(secret, config.network))
}

function refuseWhileNodesRun(store: Store, seal: Seal): void {
  const directory = createDirectory({ store, seal, log: silentLogger() })
  const names = directory.nodes().map(({ name }) => name)
  directory.close()
  if (names.length === 0) return
  throw errors.COMMAND_REFUSED.nodesRunning({ nodes: names.join(', ') })
}

/** Writes the passwords and the fingerprint in one transaction. */
async function changeSecret(store: Store, before: Seal, after: Seal): Promise<Outcome> {
  const changes = credentialsIn(store).flatMap(({ key, device, credential }): RecordChange[] =>
    before.opens(credential, device) ? [{ key, fields: { credential: after.close(before.open(credential, device), device) } }] : [],
  )
  const entry = commandEntry('secret.changed', { passwords: String(changes.length) }, thisOperator())
  await store.writeAll([...changes, await fingerprintOf(after)], undefined, [entry])
  return { outcome: 'CHANGED', sealed: changes.length }
}

async function adoptSecret(store: Store, seal: Seal): Promise<Outcome> {
  const all = credentialsIn(store)
  const broken = all
    .filter(({ device, credential }) => !seal.opens(credential, device))
    .map(({ device }) => device)
    .toSorted()
  await store.writeAll([await fingerprintOf(seal)], undefined, [commandEntry('secret.adopted', {}, thisOperator())])
  return { outcome: 'ADOPTED', opened: all.length - broken.length, broken }
}

async function fingerprintOf(seal: Seal): Promise<RecordChange> {
  return { key: secretKey, fields: await seal.newFingerprint() }
}

function credentialsIn({ replica }: Store) {
  return Array.from(replica.keysUnder('device:')).flatMap((key) => {
    const [device, credential] = [parseDeviceId(key.slice('device:'.length)), replica.hash(key)?.get('credential') ?? '']
    return device && credential.startsWith('sealed.') ? [{ key, device, credential }] : []
  })
}

const mostNamed = 20

function wordsOf(found: Outcome): string {
  if (found.outcome === 'SAME') return 'The secret of this configuration is the secret of the network.'
  if (found.outcome === 'CHANGED')
    return `Changed: ${counted(found.sealed, 'password')} sealed with the new secret. Set it as \`secret\` on every node, and start them.`
  const { broken, opened } = found
  const named = broken.slice(0, mostNamed).join(', ') + (broken.length > mostNamed ? ` and ${broken.length - mostNamed} more` : '')
  const rest = broken.length === 0 ? '' : ` It does not open the passwords of ${named}: hotdesk device password gives them new ones.`
  return `Adopted: the secret of this configuration is the secret of the network. It opens ${counted(opened, 'password')}.${rest}`
}
