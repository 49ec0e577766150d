import { mkdir, mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import { silentLogger } from '../../../src/base/logger.js'
import { Secret } from '../../../src/base/secret.js'
import { createTerminal, type TerminalNeeds } from '../../../src/cli/output/terminal.js'
import { createDirectory, type Directory, samples } from '../../../src/directory/directory.js'
import { hashPin } from '../../../src/hotdesk/hotdesk.js'
import { main } from '../../../src/main.js'
import type { Store } from '../../../src/store/store.js'
import { removeFolder } from '../process/remove-folder.js'
import { startTestRedis, type TestRedis } from '../redis/redis.js'
import { openTestStore } from '../redis/redis-store.js'
import { sealWith } from './default-settings.js'
import { finishedPlanText } from './sample-plan.js'

export interface Answer {
  readonly code: number
  /** What was asked for. */
  readonly out: string
  /** Everything else. */
  readonly err: string
}

/** An operator at the command line, with a real Redis that has the sample users and phones, and no node. */
export interface CommandLine {
  readonly redis: TestRedis
  readonly store: Store
  readonly directory: Directory
  /** Where the configuration and the files of the test are. */
  readonly folder: string
  hotdesk(...args: readonly string[]): Promise<Answer>
  /** The same at a terminal, where a person answers. */
  attended(answer: (question: string) => string): (...args: readonly string[]) => Promise<Answer>
  /** Of a `--json` command. */
  json(...args: readonly string[]): Promise<unknown>
  close(): Promise<void>
}

export const secret = 'a secret of the command line tests'

/** On a Redis of its own where none is given; a given one stays as it is, and belongs to a network with `networkSecret`. */
export async function openCommandLine(given?: TestRedis, networkSecret = secret): Promise<CommandLine> {
  const folder = await mkdtemp(join(tmpdir(), 'hotdesk-cli-'))
  const redis = given ?? (await startTestRedis())
  const store = await openTestStore(redis)
  const directory = createDirectory({ store, seal: sealWith(networkSecret), log: silentLogger() })
  if (!given) await furnish(directory)
  const settings = {
    node: 'paris-1',
    site: 'paris',
    secret: networkSecret,
    redis: `unix://${redis.socket}`,
    sip: { domain: 'hotdesk.test' },
  }
  await writeFile(join(folder, 'hotdesk.yaml'), JSON.stringify(settings))
  await mkdir(join(folder, 'dialplans'))
  for (const site of ['paris', 'london']) await writeFile(join(folder, `dialplans/${site}.yaml`), finishedPlanText(site))

  const hotdesk = (...args: readonly string[]): Promise<Answer> => run(args)

  async function run(args: readonly string[], parts: Pick<TerminalNeeds, 'answer'> = {}): Promise<Answer> {
    const [out, err] = [new PassThrough(), new PassThrough()]
    const printed = Promise.all([text(out), text(err)])
    const terminal = createTerminal({ out, err, colour: 'plain', ...parts })
    const code = await main(['--config', join(folder, 'hotdesk.yaml'), ...args], { provide: () => Promise.resolve(), terminal })
    out.end()
    err.end()
    const [said, complained] = await printed
    return { code, out: said.trimEnd(), err: complained.trimEnd() }
  }

  return {
    redis,
    store,
    directory,
    folder,
    hotdesk,
    attended:
      (answer) =>
      (...args) =>
        run(args, { answer: (question) => Promise.resolve(answer(question)) }),
    json: async (...args) => JSON.parse((await hotdesk(...args, '--json')).out) as unknown,
    async close() {
      directory.close()
      await store.close()
      if (!given) await redis.close()
      await removeFolder(folder)
    },
  }
}

const hashes = new Map<string, Promise<string>>()

/** A hash costs tens of milliseconds on purpose, and a file of tests furnishes many networks. */
function hashOf(pin: string): Promise<string> {
  const hash = hashes.get(pin) ?? hashPin(new Secret(pin))
  hashes.set(pin, hash)
  return hash
}

async function furnish(directory: Directory): Promise<void> {
  for (const { extension, name, pin, home } of samples.users) await directory.putUser(extension, { name, home, pinHash: await hashOf(pin) })
  for (const { id, password, site, elin, location } of samples.devices)
    await directory.putDevice(id, { site, hotdesk: true, password: new Secret(password), elin, location })
}
