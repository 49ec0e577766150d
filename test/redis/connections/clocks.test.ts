import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Clock, systemClock } from '../../../src/base/clock.js'
import type { NodeName } from '../../../src/base/identity.js'
import { silentLogger } from '../../../src/base/logger.js'
import { createMetrics } from '../../../src/base/metrics.js'
import { Secret } from '../../../src/base/secret.js'
import { createHopTokens } from '../../../src/calls/inbound/hop-token.js'
import { type Bindings, createBindings } from '../../../src/registrar/bindings/bindings.js'
import { keepLog } from '../../support/node/kept-log.js'
import { startTestRedis, type TestRedis } from '../../support/redis/redis.js'
import { type DeskNode, device, extension, openDeskNode, pin } from '../../support/redis/redis-network.js'
import { entriesOf, keyOf } from '../../support/redis/redis-store.js'

const fiveMinutes = 300_000
const ahead: Clock = { now: () => systemClock.now() + fiveMinutes, after: systemClock.after }
const behind: Clock = { now: () => systemClock.now() - fiveMinutes, after: systemClock.after }
const log = keepLog()

let redis: TestRedis
let right: DeskNode
/** Nodes whose machines have the wrong time. */
let early: DeskNode
let late: DeskNode
const opened: Bindings[] = []

beforeAll(async () => {
  redis = await startTestRedis()
  right = await openDeskNode(redis)
  early = await openDeskNode(redis, { name: 'paris-2', clock: ahead, log: log.log })
  late = await openDeskNode(redis, { name: 'paris-3', clock: behind })
})
afterAll(async () => {
  for (const bindings of opened) await bindings.close()
  for (const node of [late, early, right]) await node.close()
  await redis.close()
})

function bindingsOf(node: DeskNode, name: string, clock: Clock): Bindings {
  const { store } = node
  const common = { log: silentLogger(), metrics: createMetrics() }
  const bindings = createBindings({ store, node: name as NodeName, clock, ...common })
  opened.push(bindings)
  return bindings
}

function bound(id: string, node: string, now: number) {
  const flow = {
    contact: `sip:${id}@192.0.2.9:5060`,
    flow: 'sip:192.0.2.9:5060',
    node: node as NodeName,
    userAgent: 'desk phone',
    digest: '',
    domain: '',
    local: '',
    path: '',
    intermediary: '' as const,
  }
  return { device: device(id), ...flow, expires: now + 60, callId: id, cseq: 1, instance: '', registered: now }
}

describe('a node whose clock is five minutes off', () => {
  it('reports it, and uses the clock of Redis for what others read', () => {
    const told = entriesOf(log).filter(({ event }) => event === 'store.clock')
    expect(told).toHaveLength(1)
    expect(told[0]?.msg).toContain('300 s ahead of the clock of Redis')
    for (const { store } of [right, early, late]) expect(Math.abs(store.clock.now() - systemClock.now())).toBeLessThan(1_500)
  })

  it('sees the phones of other nodes as registered, and they see its own, for 60 seconds like any', async () => {
    const [atEarly, atLate, atRight] = [
      bindingsOf(early, 'paris-2', ahead),
      bindingsOf(late, 'paris-3', behind),
      bindingsOf(right, 'paris-1', systemClock),
    ]
    atEarly.replace(device('HD0001'), [bound('HD0001', 'paris-2', ahead.now() / 1_000)])
    atLate.replace(device('HD0002'), [bound('HD0002', 'paris-3', behind.now() / 1_000)])
    for (const { store } of [right, early, late])
      for (const id of ['HD0001', 'HD0002']) await keyOf(store, `reg:${id}`, (hash) => hash !== undefined)
    for (const bindings of [atEarly, atLate, atRight])
      for (const id of ['HD0001', 'HD0002']) expect(bindings.of(device(id))).toHaveLength(1)
    for (const id of ['HD0001', 'HD0002']) expect(Number(await redis.cli('TTL', `{hd}:reg:${id}`))).toBeGreaterThan(55)
  })

  it('may hand calls to other nodes, and they to it', () => {
    const secret = new Secret('of the network')
    const at = (node: DeskNode) =>
      createHopTokens({ secret, network: 'hd', clock: node.store.clock, uptime: () => 60_000, versionAt: () => 2 })
    for (const [from, to] of [
      [early, late],
      [late, right],
      [right, early],
    ] as const) {
      const passage = {
        from: 'paris-9' as NodeName,
        to: 'paris-8' as NodeName,
        callId: 'a',
        target: '100',
        hops: 0,
        purpose: 'call' as const,
      }
      const token = at(from).sign(passage, 'content')
      expect(at(to).verify(token, { to: 'paris-8' as NodeName, callId: 'a', target: '100', content: 'content' })).toEqual(passage)
    }
  })

  it('logs in, locks and keeps the quiet time for as long as any other', async () => {
    const login = (digits: string) => early.hotdesk.login({ extension: extension('100'), device: device('HD0003'), pin: pin(digits) })
    expect(await login('4711')).toEqual({ outcome: 'LOGGED_IN' })
    const again = { extension: extension('100'), device: device('HD0003'), pin: pin('4711') }
    expect(await late.hotdesk.login(again)).toEqual({ outcome: 'UNCHANGED' })
    const since = Number(await redis.cli('HGET', '{hd}:device:HD0003', 'since'))
    expect(Math.abs(since - systemClock.now() / 1_000)).toBeLessThan(5)
    for (const digits of ['1', '2', '3'])
      await late.hotdesk.login({ extension: extension('101'), device: device('HD0004'), pin: pin(digits) })
    expect(Number(await redis.cli('TTL', '{hd}:attempts:101:HD0004'))).toBeGreaterThan(890)
    early.hotdesk.callBegan(device('HD0004'), 'emergency')
    early.hotdesk.callEnded(device('HD0004'), 'emergency')
    await keyOf(right.store, 'quiet:HD0004', (hash) => hash !== undefined)
    expect(Number(await redis.cli('TTL', '{hd}:quiet:HD0004'))).toBeGreaterThan(590)
  })

  it('is alive like any other', async () => {
    for (const name of ['paris-2', 'paris-3']) expect(right.directory.node(name as NodeName)).not.toBeNull()
    expect(Number(await redis.cli('TTL', '{hd}:node:paris-2'))).toBeGreaterThan(5)
  })
})
