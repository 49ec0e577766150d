import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../src/base/clock.js'
import type { NodeName, SiteName } from '../../src/base/identity.js'
import { createMetrics } from '../../src/base/metrics.js'
import { Secret } from '../../src/base/secret.js'
import { createDirectory, joinNetwork, newBoot } from '../../src/directory/directory.js'
import { hotdeskLibrary, streamEvents } from '../../src/hotdesk/hotdesk.js'
import { createWebhooks, hookIds, type Webhooks } from '../../src/webhooks/webhooks.js'
import { tlsSample } from '../support/net/tls-sample.js'
import { sealWith } from '../support/node/default-settings.js'
import { keepLog } from '../support/node/kept-log.js'
import { startTestRedis, type TestRedis } from '../support/redis/redis.js'
import { openTestStore } from '../support/redis/redis-store.js'

const secret = 'the secret of the receiver'
let redis: TestRedis
let open: (() => Promise<void>)[] = []

beforeAll(async () => {
  redis = await startTestRedis()
})
afterAll(() => redis.close())
beforeEach(() => redis.empty())
afterEach(async () => {
  for (const close of open.toReversed()) await close()
  open = []
})

interface Receiver {
  readonly url: string
  /** Ids of the events in `data`, in the order in which they were accepted. */
  readonly accepted: readonly string[]
  readonly attempts: () => number
  /** Resolves when this many events were accepted. */
  reached(count: number): Promise<void>
  /** Resolves at the next request. */
  asked(): Promise<unknown>
  respond(status: number | 'never'): void
  stop(): Promise<void>
  again(): Promise<void>
}

async function openReceiver(): Promise<Receiver> {
  const accepted: string[] = []
  let status: number | 'never' = 204
  let attempts = 0
  let port = 0
  const changes = new EventTarget()
  let server: Server
  async function listen(): Promise<void> {
    server = createServer((request, response) => {
      void text(request).then((body) => {
        attempts += 1
        const { 'webhook-id': id, 'webhook-timestamp': at, 'webhook-signature': signature } = request.headers
        const expected = createHmac('sha256', secret)
          .update(`${String(id)}.${String(at)}.${body}`)
          .digest('base64')
        const isGenuine = signature === `v1,${expected}`
        if (status !== 'never') {
          if (status < 300 && isGenuine) accepted.push((JSON.parse(body) as { data: { id: string } }).data.id)
          response.writeHead(isGenuine ? status : 401, { location: '/elsewhere' }).end()
        }
        changes.dispatchEvent(new Event('request'))
      })
    })
    await once(server.listen(port, '127.0.0.1'), 'listening')
    port = (server.address() as AddressInfo).port
  }
  async function stop(): Promise<void> {
    server.closeAllConnections()
    if (server.listening) await once(server.close(), 'close')
  }
  await listen()
  open.unshift(stop)
  const asked = (): Promise<unknown> => once(changes, 'request')
  return {
    url: `http://127.0.0.1:${port}/events`,
    accepted,
    attempts: () => attempts,
    async reached(count) {
      while (accepted.length < count) await asked()
    },
    asked,
    respond: (with_) => {
      status = with_
    },
    stop,
    again: listen,
  }
}

interface TestNode {
  readonly webhooks: Webhooks
  readonly log: ReturnType<typeof keepLog>
  leave(): Promise<void>
}

async function openNode(name: string, urls: readonly string[], events: readonly string[] = ['*']): Promise<TestNode> {
  const log = keepLog()
  const store = await openTestStore(redis, { data: `${redis.directory}/${name}` })
  const directory = createDirectory({ store, seal: sealWith('of the test'), log: log.log })
  const settings = urls.map((url) => ({ url: new Secret(url), secret: new Secret(secret), events: [...events] }))
  const membership = await joinNetwork({
    store,
    node: name as NodeName,
    boot: newBoot(),
    site: 'paris' as SiteName,
    sip: 'udp:127.0.0.1:5060',
    version: '0.0.0',
    emergency: ['112'],
    library: hotdeskLibrary.version,
    webhooks: hookIds(settings),
    clock: systemClock,
    log: log.log,
  })
  const parts = { store, directory, settings, node: name as NodeName, events: Object.keys(streamEvents) }
  const webhooks = createWebhooks({ ...parts, clock: systemClock, log: log.log, metrics: createMetrics() })
  let isOpen = true
  async function leave(): Promise<void> {
    if (!isOpen) return
    isOpen = false
    await webhooks.close()
    await membership.close()
    directory.close()
    await store.close()
  }
  open.push(leave)
  return { webhooks, log, leave }
}

async function emit(count: number, event = 'login'): Promise<readonly string[]> {
  const ids: string[] = []
  for (let index = 0; index < count; index++) ids.push(await redis.cli('XADD', '{hd}:events', '*', 'event', event, 'user', '100'))
  return ids
}

/** The cursor of a receiver exists once a node has begun with it. */
async function begun(hooks: number): Promise<void> {
  while ((await redis.cli('--scan', '--pattern', '{hd}:webhook:*')).split('\n').filter((key) => key !== '').length < hooks);
}

describe('a receiver', () => {
  it('gets the events from its start on, in order, each signed', async () => {
    await emit(3)
    const receiver = await openReceiver()
    await openNode('paris-1', [receiver.url])
    await begun(1)
    const ids = await emit(120)
    await receiver.reached(120)
    expect(receiver.accepted).toEqual(ids)
  })

  it('that refuses, redirects and goes away loses nothing and keeps the order; a warning names it meanwhile, without its path', async () => {
    const receiver = await openReceiver()
    const node = await openNode('paris-1', [receiver.url])
    await begun(1)
    receiver.respond(307)
    const ids = await emit(5)
    await receiver.asked()
    receiver.respond(500)
    await receiver.asked()
    while (!node.webhooks.warnings().join().includes('HTTP 500')) await receiver.asked()
    expect(node.webhooks.warnings()[0]).toMatch(/^webhook 127\.0\.0\.1:\d+ \([0-9a-f]{4}\) has accepted no event for \d+ s: HTTP 500/)
    await receiver.stop()
    receiver.respond(200)
    await receiver.again()
    await receiver.reached(5)
    expect(receiver.accepted).toEqual(ids)
    const more = await emit(1)
    await receiver.reached(6)
    expect(receiver.accepted).toEqual([...ids, ...more])
    expect(node.webhooks.warnings()).toEqual([])
    const words = node.log.lines.join('')
    expect(words).toContain('webhook.failed')
    expect(words).not.toMatch(/\/events|the secret of/)
  })

  it('gets only the events that it wants', async () => {
    const receiver = await openReceiver()
    await openNode('paris-1', [receiver.url], ['emergency*'])
    await begun(1)
    await emit(105)
    const wanted = await emit(1, 'emergency.answered')
    await receiver.reached(1)
    expect(receiver.accepted).toEqual(wanted)
  })

  it('that never responds does not hold another one up', async () => {
    const [dead, live] = [await openReceiver(), await openReceiver()]
    dead.respond('never')
    await openNode('paris-1', [dead.url, live.url])
    await begun(2)
    const ids = await emit(20)
    await live.reached(20)
    expect(live.accepted).toEqual(ids)
    expect(dead.attempts()).toBe(1)
  })
})

it('a receiver whose certificate no authority has signed gets nothing', async () => {
  const { certificate, key } = tlsSample('first')
  let asked = 0
  const server = createTlsServer({ cert: certificate, key: key.reveal() }, (_request, response) => {
    asked += 1
    response.writeHead(204).end()
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  open.push(async () => void (await once(server.close(), 'close')))
  const refused = once(server, 'tlsClientError')
  const { webhooks } = await openNode('paris-1', [`https://127.0.0.1:${(server.address() as AddressInfo).port}/`])
  await begun(1)
  await emit(1)
  await refused
  while (webhooks.warnings().length === 0) await redis.cli('PING')
  expect(webhooks.warnings().join()).toMatch(/SELF_SIGNED_CERT|ERR_TLS_CERT|UNABLE_TO_VERIFY/)
  expect(asked).toBe(0)
})

describe('of two nodes', () => {
  it('one posts; when it dies, the other goes on after the last accepted event', async () => {
    const receiver = await openReceiver()
    const first = await openNode('paris-1', [receiver.url])
    await openNode('paris-2', [receiver.url])
    await begun(1)
    const before = await emit(10)
    await receiver.reached(10)
    expect(receiver.attempts()).toBe(10)
    await first.leave()
    const after = await emit(10)
    await receiver.reached(20)
    expect(receiver.accepted).toEqual([...before, ...after])
  })

  it('a node without the receiver, or with an outdated announcement, is not chosen', async () => {
    const receiver = await openReceiver()
    await openNode('paris-1', [])
    await openNode('paris-2', [receiver.url])
    await begun(1)
    const ids = await emit(2)
    await receiver.reached(2)
    expect(receiver.accepted).toEqual(ids)
  })
})

it('a restart goes on with the events of the meantime', async () => {
  const receiver = await openReceiver()
  const first = await openNode('paris-1', [receiver.url])
  await begun(1)
  const before = await emit(1)
  await receiver.reached(1)
  await first.leave()
  const meanwhile = await emit(3)
  await openNode('paris-1', [receiver.url])
  await receiver.reached(4)
  expect(receiver.accepted).toEqual([...before, ...meanwhile])
})

it('a pattern that fits no event is a warning', async () => {
  const receiver = await openReceiver()
  const { webhooks } = await openNode('paris-1', [receiver.url], ['logins'])
  expect(webhooks.warnings().join()).toContain('there is no event "logins"')
})

it('events that the node may not read are a warning, until it may', async () => {
  const receiver = await openReceiver()
  const { webhooks, log } = await openNode('paris-1', [receiver.url])
  await begun(1)
  await redis.cli('ACL', 'SETUSER', 'default', '-xrange')
  try {
    while (webhooks.warnings().length === 0) await redis.cli('PING')
    expect(webhooks.warnings().join()).toMatch(/^webhook 127\.0\.0\.1:\d+ \([0-9a-f]{4}\): events wait in Redis: .*xrange/)
    expect(log.lines.filter((line) => line.includes('webhook.failed'))).toHaveLength(1)
  } finally {
    await redis.cli('ACL', 'SETUSER', 'default', '+xrange')
  }
  const ids = await emit(1)
  await receiver.reached(1)
  expect(receiver.accepted).toEqual(ids)
  while (webhooks.warnings().length > 0) await redis.cli('PING')
})
