import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { NodeName } from '../../../src/base/identity.js'
import { silentLogger } from '../../../src/base/logger.js'
import { createOutsideUsage, type LimitSubject, type Moment, type OutsideUsage, usageIn } from '../../../src/calls/limits/outside-usage.js'
import { createManualClock, type ManualClock } from '../../support/process/manual-clock.js'
import { startTestRedis, type TestRedis } from '../../support/redis/redis.js'
import { type DeskNode, openDeskNode } from '../../support/redis/redis-network.js'
import { keyOf, stateOf } from '../../support/redis/redis-store.js'

const alice: LimitSubject = 'user:100' as LimitSubject
const paris: LimitSubject = 'site:paris' as LimitSubject
const key = 'usage:user:100'
/** 12:00:10 of a day. */
const noon = { at: 720 * 60_000 + 10_000, date: '2026-06-01' }
const aMinuteLater = { ...noon, at: noon.at + 60_000 }

let redis: TestRedis
let here: DeskNode
let there: DeskNode
let clock: ManualClock
let first: OutsideUsage
let second: OutsideUsage

const usageOf = (node: DeskNode, name: string) =>
  createOutsideUsage({ store: node.store, directory: node.directory, node: name as NodeName, clock, log: silentLogger() })

/** A call that begins at that moment; it ends after so many seconds of talk. */
function begin(usage: OutsideUsage, subjects: readonly LimitSubject[], at: Moment) {
  let [now, seconds] = [at, 0]
  const end = usage.begin(subjects, { now: () => now, talkSeconds: () => seconds })
  const lasts = (talked: number, until: Moment): void => {
    ;[now, seconds] = [until, talked]
  }
  return Object.assign(
    (talked: number, until: Moment): void => {
      lasts(talked, until)
      end()
    },
    { lasts },
  )
}

beforeEach(async () => {
  redis = await startTestRedis()
  here = await openDeskNode(redis, { name: 'paris-1' })
  there = await openDeskNode(redis, { name: 'paris-2' })
  await keyOf(there.store, 'node:paris-1', (hash) => hash !== undefined)
  clock = createManualClock()
  first = usageOf(here, 'paris-1')
  second = usageOf(there, 'paris-2')
})
afterEach(async () => {
  first.close()
  second.close()
  await here.close()
  await there.close()
  await redis.close()
})

/** Resolves when the copy has what that node has counted, without its boot. */
const follows = (at: DeskNode, by: string, counted: string) =>
  keyOf(at.store, key, (hash) => (hash?.get(by) ?? '').split(' ').slice(1).join(' ') === counted)

describe('calls outside', () => {
  test('are counted at once by the node, and a moment later by the others', async () => {
    const end = begin(first, [alice, paris], noon)
    expect(first.of(alice, noon)).toEqual({ callsAtOnce: 1, callsPerMinute: 1, minutesPerDay: 0 })
    expect(first.of(paris, noon).callsAtOnce).toBe(1)
    await follows(there, 'paris-1', '1 720 1 - 0')
    expect(second.of(alice, noon)).toEqual({ callsAtOnce: 1, callsPerMinute: 1, minutesPerDay: 0 })
    begin(second, [alice], noon)
    await follows(here, 'paris-2', '1 720 1 - 0')
    expect(first.of(alice, noon)).toEqual({ callsAtOnce: 2, callsPerMinute: 2, minutesPerDay: 0 })
    end(90, noon)
    await follows(there, 'paris-1', '0 720 1 2026-06-01 90')
    expect(second.of(alice, noon)).toEqual({ callsAtOnce: 1, callsPerMinute: 2, minutesPerDay: 1.5 })
  })

  test('count for one minute, and their length for one date', () => {
    begin(first, [alice], noon)(60, noon)
    begin(first, [alice], noon)(60, noon)
    expect(first.of(alice, noon)).toEqual({ callsAtOnce: 0, callsPerMinute: 2, minutesPerDay: 2 })
    expect(first.of(alice, aMinuteLater)).toEqual({ callsAtOnce: 0, callsPerMinute: 0, minutesPerDay: 2 })
    expect(first.of(alice, { ...aMinuteLater, date: '2026-06-02' }).minutesPerDay).toBe(0)
    begin(first, [alice], aMinuteLater)(30, { ...aMinuteLater, date: '2026-06-02' })
    expect(first.of(alice, { ...aMinuteLater, date: '2026-06-02' })).toEqual({ callsAtOnce: 0, callsPerMinute: 1, minutesPerDay: 0.5 })
  })

  test('count their minutes while they go on, at the other nodes within half a minute', async () => {
    const call = begin(first, [alice], noon)
    call.lasts(120, noon)
    expect([first.of(alice, noon).minutesPerDay, second.of(alice, noon).minutesPerDay]).toEqual([2, 0])
    clock.advance(30_000)
    await follows(there, 'paris-1', '1 720 1 2026-06-01 120')
    expect([first.of(alice, noon).minutesPerDay, second.of(alice, noon).minutesPerDay]).toEqual([2, 2])
    call(150, noon)
    expect(first.of(alice, noon)).toEqual({ callsAtOnce: 0, callsPerMinute: 1, minutesPerDay: 2.5 })
    await follows(there, 'paris-1', '0 720 1 2026-06-01 150')
  })

  test('that go on at midnight count for both dates', async () => {
    const call = begin(first, [alice], noon)
    call.lasts(120, noon)
    clock.advance(30_000)
    await follows(there, 'paris-1', '1 720 1 2026-06-01 120')
    const next = { ...noon, date: '2026-06-02' }
    call.lasts(180, next)
    expect(first.of(alice, next).minutesPerDay).toBe(1)
    call(180, next)
    expect(first.of(alice, next).minutesPerDay).toBe(1)
  })

  test('of an earlier start of another node are over, but their minutes remain', async () => {
    begin(first, [alice], noon)(120, noon)
    begin(first, [alice], noon)
    await follows(there, 'paris-1', '1 720 2 2026-06-01 120')
    expect(second.of(alice, noon).callsAtOnce).toBe(1)
    await redis.cli('HSET', '{hd}:node:paris-1', 'boot', 'another')
    await keyOf(there.store, 'node:paris-1', (hash) => hash?.get('boot') === 'another')
    expect(second.of(alice, noon)).toEqual({ callsAtOnce: 0, callsPerMinute: 2, minutesPerDay: 2 })
  })

  test('of an earlier start of this node are over too, and their minutes remain', async () => {
    begin(first, [alice], noon)(120, noon)
    begin(first, [alice], noon)
    await follows(here, 'paris-1', '1 720 2 2026-06-01 120')
    const restarted = usageOf(here, 'paris-1')
    expect(restarted.of(alice, noon)).toEqual({ callsAtOnce: 0, callsPerMinute: 2, minutesPerDay: 2 })
    restarted.close()
  })

  test('are counted while Redis is away, and written when it is back', async () => {
    await redis.kill()
    await stateOf(here.store, 'lost')
    const end = begin(first, [alice], noon)
    end(60, noon)
    begin(first, [alice], noon)
    expect(first.of(alice, noon)).toEqual({ callsAtOnce: 1, callsPerMinute: 2, minutesPerDay: 1 })
    await redis.start()
    await follows(there, 'paris-1', '1 720 2 2026-06-01 60')
    expect(second.of(alice, noon).callsAtOnce).toBe(1)
  })

  test('are read from the copy alone by a command', async () => {
    begin(first, [alice], noon)
    await follows(there, 'paris-1', '1 720 1 - 0')
    expect(usageIn(there.store.replica, there.directory, { subject: alice, moment: noon }).callsAtOnce).toBe(1)
  })

  test('written by hand as something else count as none', async () => {
    await redis.cli('HSET', `{hd}:${key}`, 'paris-9', 'many')
    await keyOf(here.store, key, (hash) => hash?.get('paris-9') === 'many')
    expect(first.of(alice, noon)).toEqual({ callsAtOnce: 0, callsPerMinute: 0, minutesPerDay: 0 })
  })
})
