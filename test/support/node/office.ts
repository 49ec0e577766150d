import { join } from 'node:path'
import { expect } from 'vitest'
import { every, pause, systemClock } from '../../../src/base/clock.js'
import { silentLogger } from '../../../src/base/logger.js'
import { Secret } from '../../../src/base/secret.js'
import { createDirectory, type Directory, samples } from '../../../src/directory/directory.js'
import { hashPin } from '../../../src/hotdesk/hotdesk.js'
import type { Phone } from '../../../src/softphones/softphone.js'
import { createSoftphones, type Softphones } from '../../../src/softphones/softphones.js'
import { uniqueWord } from '../process/unique-word.js'
import { startTestRedis, type TestRedis } from '../redis/redis.js'
import { keyOf, openTestStore } from '../redis/redis-store.js'
import { sealWith } from './default-settings.js'
import { type NodeParts, networkDomain, networkSecret, startTestNode, type TestNode } from './node.js'

/** One Redis, the sample users and phones, and as many nodes and phones as the test asks for. */
export interface TestOffice {
  readonly redis: TestRedis
  /** Writes to the network as an installer does. */
  readonly directory: Directory
  /** Writes the sample users and phones, as at the beginning. */
  furnish(): Promise<void>
  node(name: string, site?: string, parts?: Partial<NodeParts>): Promise<TestNode>
  /** A registered phone. */
  phone(device: string, at: TestNode): Promise<Phone>
  readonly bank: Softphones
  /** Resolves when Redis has a key as wanted, and every node has read it since. */
  follows(key: string, isWanted: (hash: ReadonlyMap<string, string> | undefined) => boolean): Promise<void>
  /** Resolves when redis-cli answers so. */
  redisSays(answer: string, ...words: readonly string[]): Promise<void>
  /** Logs users in at free phones by redis-cli, and waits until the nodes know. */
  seat(assignments: Readonly<Record<string, string>>): Promise<void>
  /** Resolves when every node knows that this user sits at this phone. */
  settled(extension: string, device: string): Promise<void>
  /** Ends everything, and fails when a PIN or a password was printed anywhere. */
  close(): Promise<void>
}

export const domain = networkDomain

/** Limit for any event: generous, because it costs nothing while all is well. */
const patienceMs = 20_000

/** On a Redis of its own where none is given. */
export async function openTestOffice(given?: TestRedis): Promise<TestOffice> {
  const redis = given ?? (await startTestRedis())
  const store = await openTestStore(redis, { loading: 'check' })
  const directory = createDirectory({ store, seal: sealWith(networkSecret), log: silentLogger() })
  await furnish(directory)
  const bank = await createSoftphones({ clock: systemClock, log: silentLogger() })
  const nodes: TestNode[] = []
  const follows: TestOffice['follows'] = async (key, isWanted) => {
    await keyOf(store, key, isWanted, patienceMs)
    await allFollow(redis, nodes)
  }
  const settled: TestOffice['settled'] = (extension, device) => follows('devices', (devices) => devices?.get(device) === extension)

  return {
    redis,
    directory,
    furnish: () => furnish(directory),
    bank,
    follows,
    async redisSays(answer, ...words) {
      const deadline = systemClock.now() + patienceMs
      for (let said = await redis.cli(...words); said !== answer; said = await redis.cli(...words)) {
        if (systemClock.now() > deadline) throw new Error(`redis-cli ${words.join(' ')} says ${said}, expected ${answer}`)
        await pause(systemClock, 20)
      }
    },
    async seat(assignments) {
      for (const [extension, device] of Object.entries(assignments)) {
        expect(await redis.cli('FCALL', 'hotdesk_login', '1', '{hd}', extension, device)).toBe('LOGGED_IN')
        await settled(extension, device)
      }
    },
    settled,
    async node(name, site = 'paris', parts = {}) {
      const node = await startTestNode({ node: name, site, redis: `unix://${redis.socket}`, data: join(redis.directory, name), ...parts })
      nodes.push(node)
      return node
    },
    async phone(device, at) {
      const phone = bank.phone({ device, password: passwordOf(device), node: at.udp, domain })
      const answer = await phone.register()
      if (answer.status !== 200) throw new Error(`${device} was not registered: ${answer.status} ${answer.reason}\n${at.output()}`)
      return { ...phone, nextCall: () => soon(phone.nextCall(), `a call at ${device}`) }
    },
    async close() {
      await bank.close()
      for (const node of nodes) await node.stop()
      directory.close()
      await store.close()
      await redis.close()
      for (const node of nodes) expectNoSecrets(node.output())
    },
  }
}

/** A node reads in the order of the changes: one that has read a key of now has read whatever was changed before. */
async function allFollow(redis: TestRedis, nodes: readonly TestNode[]): Promise<void> {
  const key = `quiet:marker-${uniqueWord()}`
  let marks = 0
  const mark = async () => void (await redis.cli('HSET', `{hd}:${key}`, 'mark', String(++marks)))
  const told = nodes.filter((node) => node.running).map((node) => node.logged('store.followed', ({ keys }) => isListed(key, keys)))
  // Again and again: a node that is just connecting takes what is there without a word.
  const again = every(systemClock, 500, mark, () => undefined)
  try {
    await mark()
    await Promise.all(told)
  } finally {
    again.cancel()
    await redis.cli('DEL', `{hd}:${key}`)
  }
}

function isListed(key: string, keys: unknown): boolean {
  return Array.isArray(keys) && keys.includes(key)
}

/** What nobody waits for any more may fail in silence. */
function soon<Value>(awaited: Promise<Value>, what: string): Promise<Value> {
  const late = new Promise<never>((_resolve, reject) => {
    const alarm = systemClock.after(patienceMs, () => reject(new Error(`${what} has not come within ${patienceMs} ms`)))
    void awaited.then(() => alarm.cancel())
  })
  late.catch(() => undefined)
  return Promise.race([awaited, late])
}

async function furnish(directory: Directory): Promise<void> {
  for (const { extension, name, pin, home } of samples.users) {
    await saved(directory.putUser(extension, { name, home, pinHash: await hashPin(new Secret(pin)) }))
  }
  for (const { id, site, elin, location } of samples.devices) {
    await saved(directory.putDevice(id, { site, hotdesk: true, password: passwordOf(id), elin, location }))
  }
}

async function saved(edit: ReturnType<Directory['putUser']>): Promise<void> {
  const outcome = await edit
  if (outcome.outcome === 'REFUSED') throw new Error(outcome.reasons.join('; '))
}

/** Passwords that stand nowhere else, so that finding one in a log is proof. */
export function passwordOf(device: string): Secret {
  return new Secret(`Pw-of-${device}-zx81`)
}

export function pinOf(extension: string): string {
  return samples.users.find((user) => user.extension === extension)?.pin ?? ''
}

function expectNoSecrets(output: string): void {
  const words = [...samples.devices.map(({ id }) => passwordOf(id).reveal()), networkSecret]
  // A PIN is four digits, which may turn up in any number: it is looked for as a word or a value of its own.
  const patterns = samples.users.map(({ pin }) => new RegExp(`(^|[^0-9A-Za-z.:-])${pin}(?![0-9A-Za-z.:-])`, 'm'))
  for (const word of words) if (output.includes(word)) throw new Error(`a password stands in the log: ${word}`)
  for (const pattern of patterns) {
    const found = pattern.exec(output)
    if (found) throw new Error(`a PIN stands in the log: ${output.slice(Math.max(0, found.index - 200), found.index + 50)}`)
  }
}
