import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { errors, isAppError } from '../../../src/base/errors.js'
import type { NodeName } from '../../../src/base/identity.js'
import { silentLogger } from '../../../src/base/logger.js'
import { askNode, createControl, type Handlers } from '../../../src/control/control.js'
import type { Store } from '../../../src/store/store.js'
import { keepLog } from '../../support/node/kept-log.js'
import { startTestRedis, type TestRedis } from '../../support/redis/redis.js'
import { openRelay, type RedisRelay } from '../../support/redis/redis-relay.js'
import { entriesOf, openTestStore, stateOf } from '../../support/redis/redis-store.js'

const london = 'london-1' as NodeName
const reloaded = { changed: ['the dial plan'], restart: ['sip.listen'], fingerprint: '0123' }
const reload = { kind: 'reload', asked: {} } as const

let redis: TestRedis
let relay: RedisRelay
/** The store of the node, behind a network that a test can cut, and that of a command. */
let store: Store
let asker: Store
let askers: string[]
const opened: { close(): void }[] = []

beforeEach(async () => {
  redis = await startTestRedis()
  relay = await openRelay(redis.socket)
  asker = await openTestStore(redis, { data: `${redis.directory}/asker` })
  store = await openTestStore(redis, { redis: relay.place })
  askers = []
})
afterEach(async () => {
  for (const each of opened.splice(0)) each.close()
  await store.close()
  await asker.close()
  await relay.close()
  await redis.close()
})

/** Answers requests as the node would; the tests ask for reloads. */
function serve(answer: Handlers['reload'] = () => reloaded, { at = store, log = silentLogger() } = {}): void {
  const reloading: Pick<Handlers, 'reload'> = {
    reload(asked, by) {
      askers.push(by)
      return answer(asked, by)
    },
  }
  const handlers = reloading as Handlers
  opened.push(createControl({ store: at, node: london, handlers, log }))
}

async function refusalOf(asking: Promise<unknown>): Promise<readonly [string, string] | null> {
  try {
    await asking
    return null
  } catch (fault) {
    if (!isAppError(fault)) throw fault
    return [fault.code, fault.says]
  }
}

const keys = async () => (await redis.cli('KEYS', '{hd}:control:*')).split('\n').filter((key) => key !== '')

describe('a node that is asked', () => {
  it('answers the command that asks, and learns which user of which machine asks', async () => {
    const log = keepLog()
    serve(undefined, { log: log.log })
    expect(await askNode(asker, london, reload)).toEqual(reloaded)
    expect(askers).toEqual([expect.stringMatching(/^[^@]+@.+$/)])
    expect(entriesOf(log)).toContainEqual(expect.objectContaining({ event: 'node.asked', kind: 'reload', by: askers[0] }))
  })

  it('leaves nothing of an answer in Redis once it was read', async () => {
    serve()
    await askNode(asker, london, reload)
    const [reply = ''] = (await keys()).filter((key) => key.includes('reply'))
    expect(await redis.cli('GET', reply)).toBe('read')
  })

  it('answers many at once, each its own question', async () => {
    let count = 0
    serve(async () => {
      const fingerprint = String(count++)
      await Promise.resolve()
      return { ...reloaded, fingerprint }
    })
    const replies = await Promise.all(Array.from({ length: 20 }, () => askNode(asker, london, reload)))
    expect(new Set(replies.map(({ fingerprint }) => fingerprint)).size).toBe(20)
  })

  it('refuses with the error of its own, as if the command had met it', async () => {
    serve(() => Promise.reject(errors.COMMAND_REFUSED.otherSite({ site: 'oslo', own: 'london' })))
    expect(await refusalOf(askNode(asker, london, reload))).toEqual(['COMMAND_REFUSED', expect.stringContaining('belongs to london')])
  })

  it('leaves nothing in Redis for ever', async () => {
    serve()
    await askNode(asker, london, reload)
    const left = await keys()
    expect(left.length).toBe(2)
    for (const key of left) expect(Number(await redis.cli('TTL', key))).toBeGreaterThan(0)
  })

  it('does not carry out a request whose time was over before it could be read', async () => {
    expect(await refusalOf(askNode(asker, london, reload, { withinMs: 50 }))).toEqual(['NODE_SILENT', expect.any(String)])
    serve()
    await askNode(asker, london, reload)
    expect(askers).toHaveLength(1)
  })

  it('carries out a request once, even if another process serves under its name', async () => {
    serve()
    serve(undefined, { at: asker })
    for (let turn = 0; turn < 5; turn++) await askNode(asker, london, reload)
    expect(askers).toHaveLength(5)
  })
})

describe('a node that has lost Redis for a moment', () => {
  it.each(['reset', 'silence'] as const)('by %s answers when it is back, once', async (how) => {
    serve()
    relay.cut(how)
    await stateOf(store, 'lost', 8_000)
    const reply = askNode(asker, london, reload, { withinMs: 15_000 })
    relay.heal()
    expect(await reply).toEqual(reloaded)
    expect(askers).toHaveLength(1)
  })

  it('knows its own claim again whose acknowledgement was lost, and carries out the request once', async () => {
    serve()
    relay.holdAnswersAfter('claimed by')
    const reply = askNode(asker, london, reload, { withinMs: 15_000 })
    await stateOf(store, 'lost', 8_000)
    expect(askers).toEqual([])
    expect(await reply).toEqual(reloaded)
    expect(askers).toHaveLength(1)
  })

  it('delivers a reply that it could not send', async () => {
    let finish: () => void = () => undefined
    const work = new Promise<void>((resolve) => {
      finish = resolve
    })
    serve(() => work.then(() => reloaded))
    const reply = askNode(asker, london, reload, { withinMs: 15_000 })
    await expect.poll(() => askers.length).toBe(1)
    relay.cut('reset')
    await stateOf(store, 'lost')
    finish()
    await work
    relay.heal()
    expect(await reply).toEqual(reloaded)
    expect(askers).toHaveLength(1)
  })
})

describe('a command that asks in vain', () => {
  it('learns that the node did not answer in time, and what to do', async () => {
    const asking = askNode(asker, london, reload, { withinMs: 200 })
    expect(await refusalOf(asking)).toEqual(['NODE_SILENT', 'london-1 did not answer within 0.2 s'])
  })

  it('learns that the node is of an earlier version, which does not know the request', async () => {
    serve()
    const unknown = { kind: 'dance', asked: {} } as unknown as typeof reload
    expect(await refusalOf(askNode(asker, london, unknown))).toEqual(['NODE_SILENT', 'london-1 does not understand the request "dance"'])
  })

  it('learns at once that Redis is away', async () => {
    relay.cut('reset')
    await stateOf(store, 'lost')
    expect(await refusalOf(askNode(store, london, reload))).toEqual(['STORE_UNAVAILABLE', expect.any(String)])
  })
})
