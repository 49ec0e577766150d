import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../../base/clock.js'
import { errors } from '../../base/errors.js'
import { type Logger, silentLogger } from '../../base/logger.js'
import { createMetrics } from '../../base/metrics.js'
import { createSeal } from '../../base/seal.js'
import { Secret } from '../../base/secret.js'
import type { Config, RedisTarget } from '../../config/config.js'
import { createDirectory, createSecretCheck, type Directory } from '../../directory/directory.js'
import { hotdeskLibrary } from '../../hotdesk/hotdesk.js'
import { createStore, embeddedSocket, type Store, type Trouble } from '../../store/store.js'
import { thisOperator } from './operator-identity.js'

/** Opens the network's Redis for one command. @throws AppError NODE_NOT_RUNNING, or STORE_UNAVAILABLE if Redis cannot be reached */
export async function withStore<Answer>(
  config: Config,
  run: (store: Store) => Promise<Answer>,
  log: Logger = silentLogger(),
): Promise<Answer> {
  const redis = reachable(config)
  // `data` holds the copy of a running node, so a command uses a folder of its own.
  const data = await mkdtemp(join(tmpdir(), 'hotdesk-command-'))
  try {
    const { network, durability, functionLoading: loading } = config
    const common = { clock: systemClock, log, metrics: createMetrics() }
    const store = await createStore({ redis, network, durability, loading, data, functions: hotdeskLibrary, ...common })
    try {
      if (store.state === 'lost') throw errors.STORE_UNAVAILABLE.unreachable(absenceOf(store))
      return await run(store)
    } finally {
      await store.close()
    }
  } finally {
    await rm(data, { recursive: true, force: true })
  }
}

/** Why Redis cannot be reached, and what to do. */
export function absenceOf({ trouble, cli }: Pick<Store, 'trouble' | 'cli'>): Trouble {
  return trouble() ?? { says: 'Redis does not answer', todo: `try \`${cli} PING\`` }
}

/** The keys that a command reads, or their prefixes with a colon at the end. */
export type Reads = readonly string[]

const records: Reads = ['users', 'devices', 'user:', 'device:', 'site:', 'node:', 'reg:']

/**
 * A key of the wrong type is missing from the copy, so the answer of a command that reads it would be wrong.
 * @throws AppError RECORDS_UNREADABLE with the name of each
 */
export function requireReadable({ wrongTypes }: Pick<Store, 'wrongTypes'>, reads: Reads): void {
  const found = [...wrongTypes()].filter(([key]) => reads.some((read) => (read.endsWith(':') ? key.startsWith(read) : key === read)))
  const words = found.slice(0, mostNamed).map(([, text]) => text)
  if (words.length > 0) throw errors.RECORDS_UNREADABLE.wrongTypes({ misfits: words.join('\n') })
}

const mostNamed = 10

/** The same with users and phones. @throws AppError RECORDS_UNREADABLE too */
export function withDirectory<Answer>(
  config: Config,
  run: (directory: Directory, store: Store) => Promise<Answer>,
  reads: Reads = records,
): Promise<Answer> {
  return withStore(config, async (store) => {
    requireReadable(store, reads)
    const seal = createSeal(config.secret, config.network)
    const secretCheck = createSecretCheck({ store, seal })
    // With another secret every password would look broken.
    await secretCheck.verify()
    const directory = createDirectory({ store, seal, secretCheck, log: silentLogger(), operator: thisOperator() })
    try {
      return await run(directory, store)
    } finally {
      directory.close()
    }
  })
}

/**
 * Where Redis listens. An embedded Redis runs only while its node runs.
 * @throws AppError NODE_NOT_RUNNING, or CONFIG_INVALID if the socket may belong to another user
 */
export function reachable({ redis, data }: Config): Exclude<RedisTarget, { kind: 'embedded' }> {
  if (redis.kind !== 'embedded') return redis
  const socket = embeddedSocket(data)
  if (!existsSync(socket)) throw errors.NODE_NOT_RUNNING.noSocket({ data })
  return { kind: 'url', url: new Secret(`unix://${socket}`) }
}
