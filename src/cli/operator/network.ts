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

/** Opens the network's Redis for one command. @throws AppError COMMAND_REFUSED when it cannot be reached */
export async function withStore<Answer>(
  config: Config,
  run: (store: Store) => Promise<Answer>,
  log: Logger = silentLogger(),
): Promise<Answer> {
  const redis = reachable(config)
  // A running node keeps its copy in `data`; a command must not write there.
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

/** Why a command cannot be done without Redis, and what to do. */
export function absenceOf({ trouble, cli }: Pick<Store, 'trouble' | 'cli'>): Trouble {
  return trouble() ?? { says: 'Redis does not answer', todo: `try \`${cli} PING\`` }
}

/** What a command reads of the copy: keys, or the beginnings of them. */
export type Reads = readonly string[]

const records: Reads = ['users', 'devices', 'user:', 'device:', 'site:', 'node:', 'reg:']

/**
 * A key of the wrong type is left out of the copy, so a command that reads it would tell what is not so.
 * @throws AppError COMMAND_REFUSED that names each
 */
export function requireReadable({ wrongTypes }: Pick<Store, 'wrongTypes'>, reads: Reads): void {
  const found = [...wrongTypes()].filter(([key]) => reads.some((read) => (read.endsWith(':') ? key.startsWith(read) : key === read)))
  const words = found.slice(0, mostNamed).map(([, text]) => text)
  if (words.length > 0) throw errors.RECORDS_UNREADABLE.wrongTypes({ misfits: words.join('\n') })
}

const mostNamed = 10

/** The same with people and phones. @throws AppError COMMAND_REFUSED also where a key that the command reads has the wrong type */
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
    const directory = createDirectory({ store, seal, secretCheck, log: silentLogger() })
    try {
      return await run(directory, store)
    } finally {
      directory.close()
    }
  })
}

/**
 * The embedded Redis belongs to a running node; a command only visits it.
 * @throws AppError COMMAND_REFUSED where no node runs, CONFIG_INVALID where it may be somebody else's
 */
export function reachable({ redis, data }: Config): Exclude<RedisTarget, { kind: 'embedded' }> {
  if (redis.kind !== 'embedded') return redis
  const socket = embeddedSocket(data)
  if (!existsSync(socket)) throw errors.NODE_NOT_RUNNING.noSocket({ data })
  return { kind: 'url', url: new Secret(`unix://${socket}`) }
}
