import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../../src/base/clock.js'
import { silentLogger } from '../../../src/base/logger.js'
import { type CallRecord, createCallRecords } from '../../../src/calls/records/call-records.js'
import { keptEvents } from '../../../src/hotdesk/events.js'
import { hotdeskLibrary } from '../../../src/hotdesk/library.js'
import { temporaryFolder } from '../../support/process/temporary-folder.js'
import { startTestRedis, type TestRedis } from '../../support/redis/redis.js'
import { type DeskNode, extension, openDeskNode } from '../../support/redis/redis-network.js'
import { openTestStore } from '../../support/redis/redis-store.js'

let redis: TestRedis

beforeAll(async () => {
  redis = await startTestRedis()
})
afterAll(() => redis.close())
beforeEach(() => redis.empty())

const daysAgo = (days: number): number => Date.now() - days * 24 * 3_600 * 1_000
const datedDaysAgo = (days: number): string => `${new Date(daysAgo(days)).toISOString().slice(0, 10)}.jsonl`
const lengthOf = (stream: string): Promise<string> => redis.cli('XLEN', `{hd}:${stream}`)

describe('data that is older than the retention', () => {
  it('is deleted from the events soon after a node has started', async () => {
    for (const days of [200, 91, 89, 1])
      await redis.cli('XADD', '{hd}:events', `${daysAgo(days)}-1`, 'event', 'login', 'device', `HD${days}`)
    const node = await openDeskNode(redis)
    await expect.poll(() => redis.cli('XRANGE', '{hd}:events', '-', '+')).not.toMatch(/HD200|HD91/)
    expect(await redis.cli('XRANGE', '{hd}:events', '-', '+')).toMatch(/HD89[\s\S]*HD1/)
    await node.close()
  })

  it('is deleted from the files of call records even if nobody calls', async () => {
    const folder = join(temporaryFolder('records'), 'calls')
    await mkdir(folder)
    const [old, young] = [datedDaysAgo(92), datedDaysAgo(88)]
    for (const file of [old, young, 'notes.txt']) await writeFile(join(folder, file), '')
    const store = await openTestStore(redis)
    const records = createCallRecords({ store, folder, retentionDays: () => 90, clock: systemClock, log: silentLogger() })
    await expect.poll(() => readdir(folder)).toEqual([young, 'notes.txt'].toSorted())
    await records.close()
    await store.close()
  })

  it('is deleted from a call log with the next call; a busy log is trimmed, and one without calls expires by itself', async () => {
    await redis.cli('XADD', '{hd}:calls:100', `${daysAgo(91)}-1`, 'reason', 'long ago')
    const store = await openTestStore(redis)
    const records = createCallRecords({
      store,
      folder: join(temporaryFolder('records'), 'calls'),
      retentionDays: () => 90,
      clock: systemClock,
      log: silentLogger(),
    })
    records.keep(record, [{ extension: extension('100'), side: 'out', at: [] }])
    await expect.poll(() => redis.cli('XRANGE', '{hd}:calls:100', '-', '+')).toContain('hung up by caller')
    expect(await lengthOf('calls:100')).toBe('1')
    expect(Number(await redis.cli('TTL', '{hd}:calls:100'))).toBeGreaterThan(89 * 24 * 3_600)
    await store.append('calls:101', { reason: 'the last' }, { entries: 10, days: 90 })
    for (let call = 0; call < 300; call += 1) await store.append('calls:101', { reason: `${call}` }, { entries: 10, days: 90 })
    expect(Number(await lengthOf('calls:101'))).toBeLessThan(150)
    await records.close()
    await store.close()
  })

  it('is limited in the same way by the functions and by the nodes', () => {
    expect(hotdeskLibrary.code).toContain(`local EVENTS_KEPT = ${keptEvents.entries}\n`)
  })
})

const record: CallRecord = {
  call: 'ab12',
  began: new Date().toISOString(),
  source: 'device',
  caller: '100',
  callerName: 'Alice',
  dialled: '101',
  device: 'HD0001',
  reached: 'user 101',
  transferOf: '',
  transferredBy: '',
  pickedUpFrom: '',
  ringSeconds: 1,
  talkSeconds: 2,
  result: 'success',
  reason: 'hung up by caller',
}

describe('a user who is removed', () => {
  let node: DeskNode
  const attempts = ['', 'day:', 'wait:', 'seen:', 'familiar:'].map((name) => `{hd}:attempts:${name}100`)

  beforeEach(async () => {
    node = await openDeskNode(redis)
    await redis.cli('XADD', '{hd}:calls:100', '*', 'dialled', '0155512345')
    await redis.cli('XADD', '{hd}:calls:101', '*', 'dialled', '100')
    for (const key of attempts) await redis.cli('SET', key, '3')
    return () => node.close()
  })

  it('leaves no call log and no failed PINs to the next user of the number', async () => {
    expect(await node.directory.removeUser(extension('100'))).toEqual({ outcome: 'REMOVED' })
    expect(await redis.cli('EXISTS', '{hd}:user:100', '{hd}:calls:100', ...attempts)).toBe('0')
    expect(await lengthOf('calls:101')).toBe('1')
  })

  it('leaves none either if an import removes users that are not in its file', async () => {
    const told: number[] = []
    await node.directory.apply([{ key: 'user:100', fields: null }], (count) => told.push(count))
    expect(await redis.cli('EXISTS', '{hd}:user:100', '{hd}:calls:100', ...attempts)).toBe('0')
    expect(Math.max(...told)).toBe(1)
  })
})
