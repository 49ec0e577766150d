import { mkdir, readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Phone } from '../../../src/softphones/softphone.js'
import type { TestNode } from '../../support/node/node.js'
import { metricOf } from '../../support/node/node-health.js'
import { openTestOffice, type TestOffice } from '../../support/node/office.js'

describe('the record of a call', () => {
  let office: TestOffice
  let paris: TestNode
  let desk1: Phone
  let desk2: Phone

  beforeAll(async () => {
    office = await openTestOffice()
    await mkdir(join(office.redis.directory, 'paris-1/calls'), { recursive: true, mode: 0o755 })
    paris = await office.node('paris-1')
    desk1 = await office.phone('HD0001', paris)
    desk2 = await office.phone('HD0002', paris)
    for (const [extension, device] of [['100', 'HD0001'] as const, ['102', 'HD0002'] as const]) {
      await office.redis.cli('FCALL', 'hotdesk_login', '1', '{hd}', extension, device)
      await office.settled(extension, device)
    }
    const dialling = await desk1.dial('102')
    const callee = await (await desk2.nextCall()).answer()
    await dialling.result
    await callee.hangUp()
    await paris.logged('call.ended')
  }, 60_000)

  afterAll(() => office.close())

  it('is one JSON line in a file of the day, with who called whom and how it ended, for the owner alone', async () => {
    const folder = join(office.redis.directory, 'paris-1', 'calls')
    // The line is written after the call has ended for everybody else.
    await expect.poll(() => readdir(folder)).toHaveLength(1)
    const [file = ''] = await readdir(folder)
    expect(file).toMatch(/^\d{4}-\d\d-\d\d\.jsonl$/)
    await expect.poll(() => readFile(join(folder, file), 'utf8')).toMatch(/\n$/)
    expect(await Promise.all([folder, join(folder, file)].map(async (path) => (await stat(path)).mode & 0o777))).toEqual([0o700, 0o600])
    const record = JSON.parse(await readFile(join(folder, file), 'utf8')) as Record<string, unknown>
    expect(record).toMatchObject({
      source: 'device',
      caller: '100',
      callerName: 'Alice',
      dialled: '102',
      device: 'HD0001',
      reached: 'user 102',
      result: 'success',
      reason: 'hung up by callee',
    })
  })

  it.each([
    ['100', 'out', 'HD0001'],
    ['102', 'in', 'HD0002'],
  ])('is in the call log of %s, whichever phone they sit at, as %s at %s', async (extension, side, at) => {
    await office.redisSays('1', 'XLEN', `{hd}:calls:${extension}`)
    const log = await office.redis.cli('XREVRANGE', `{hd}:calls:${extension}`, '+', '-')
    expect(log.split('\n').join(' ')).toContain(`side ${side} at ${at} `)
    expect(log.split('\n')).toEqual(expect.arrayContaining(['callerName', 'Alice', 'dialled', '102']))
  })

  it('goes with one observation of its set-up time', async () => {
    expect(await metricOf(paris, 'hotdesk_call_setup_seconds_count')).toBe(1)
    expect(await metricOf(paris, 'hotdesk_call_setup_seconds_sum')).toBeGreaterThan(0)
  })

  it('is kept for 90 days and no longer', async () => {
    const seconds = Number(await office.redis.cli('TTL', '{hd}:calls:100'))
    expect(seconds).toBeGreaterThan(89 * 24 * 3_600)
    expect(seconds).toBeLessThanOrEqual(90 * 24 * 3_600)
  })

  it('shows a user whose calls are forwarded where it went, in place of how the other user ended it', async () => {
    await office.directory.putUser('101', { forwards: { always: '102' } })
    await office.follows('user:101', (user) => user?.get('forwardAlways') === '102')
    const dialling = await desk1.dial('101')
    const callee = await (await desk2.nextCall()).answer()
    await dialling.result
    await callee.hangUp()
    await office.redisSays('1', 'XLEN', '{hd}:calls:101')
    const log = (await office.redis.cli('XREVRANGE', '{hd}:calls:101', '+', '-')).split('\n')
    expect([log[log.indexOf('talkSeconds') + 1], log[log.indexOf('reason') + 1]]).toEqual(['0', 'forwarded to 102'])
    await office.redisSays('2', 'XLEN', '{hd}:calls:102')
    const other = await office.redis.cli('XREVRANGE', '{hd}:calls:102', '+', '-', 'COUNT', '1')
    expect(other).toContain('hung up by callee')
  })
})
