import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Phone } from '../../../src/softphones/softphone.js'
import { dialAnswered, dialRefused, logIn } from '../../support/node/login.js'
import type { TestNode } from '../../support/node/node.js'
import { openTestOffice, type TestOffice } from '../../support/node/office.js'

const plan = readFileSync(join(import.meta.dirname, '../../../dialplans/paris.yaml'), 'utf8').replace(/^timezone: .*$/m, '')

/** A node whose site logs people out by itself; the times are a day's, short. */
describe('at a site with automatic logout', () => {
  let office: TestOffice
  let paris: TestNode
  let desk1: Phone
  let desk2: Phone

  const withRules = (rules: string) =>
    office.node('paris-1', 'paris', { dialplan: `${plan}\ntimezone: Europe/Paris\nautomaticLogout: ${rules}\n` })
  const fcall = (name: string, ...args: readonly string[]) => office.redis.cli('FCALL', name, '1', '{hd}', ...args)
  const history = async (target: string) => (await fcall('hotdesk_history', target)).split('\n').slice(1)

  /** Told when the login has begun, as an operator with a stop-watch might set it. */
  async function backdate(device: string, days: number): Promise<void> {
    const now = Number((await office.redis.cli('TIME')).split('\n')[0])
    await office.redis.cli('HSET', `{hd}:device:${device}`, 'since', String(now - days * 86_400))
  }

  beforeAll(async () => {
    office = await openTestOffice()
    paris = await withRules('{ maxTime: 4s }')
    desk1 = await office.phone('HD0001', paris)
    desk2 = await office.phone('HD0002', paris)
  }, 60_000)

  afterAll(() => office.close())

  it('a login ends after its time: the phone is told, and may dial no more', async () => {
    await logIn(desk1, '100')
    expect(await desk1.nextNotify()).toMatch(/^check-sync/)
    expect(await desk1.nextNotify()).toMatch(/^check-sync/)
    expect(await fcall('hotdesk_who', 'HD0001')).toBe('FREE')
    expect((await history('100')).find((line) => line.includes(' logout '))).toMatch(/ HD0001 +100 +via automatic, reason max-time$/)
    expect(await dialRefused(desk1, '101')).toBe(480)
  })

  it('not before the call that is up has ended', async () => {
    for (const [user, phone] of [
      ['101', 'HD0002'],
      ['100', 'HD0001'],
    ] as const) {
      expect(await fcall('hotdesk_login', user, phone)).toBe('LOGGED_IN')
      await office.settled(user, phone)
    }
    const dialling = await desk1.dial('101')
    const callee = await (await desk2.nextCall()).answer()
    const dialled = await dialling.result
    if (dialled.outcome === 'failed') throw new Error(`${dialled.answer.status} ${dialled.answer.reason}`)
    await expect.poll(() => fcall('hotdesk_who', 'HD0001'), { timeout: 10_000 }).toBe('DRAINING 100')
    await expect.poll(() => fcall('hotdesk_who', 'HD0002'), { timeout: 10_000 }).toBe('DRAINING 101')
    const heard = new Promise<void>((resolve) => {
      dialled.call.audio.onKeyPress(() => resolve())
    })
    await callee.audio.press('1')
    await heard
    await callee.hangUp()
    await office.redisSays('0', 'EXISTS', '{hd}:users', '{hd}:devices')
    expect((await history('*')).filter((line) => line.includes('via automatic, reason max-time')).length).toBeGreaterThanOrEqual(3)
  })

  it('also when the node was away when it fell due, by the time of day in the site’s time zone', async () => {
    await paris.stop()
    expect(await fcall('hotdesk_login', '102', 'HD0001')).toBe('LOGGED_IN')
    await backdate('HD0001', 2)
    paris = await withRules('{ daily: "20:00" }')
    await expect.poll(() => fcall('hotdesk_who', 'HD0001'), { timeout: 10_000 }).toBe('FREE')
    expect((await history('102'))[0]).toMatch(/ logout +HD0001 +102 +via automatic, reason daily$/)
  })
})

describe('an installer at work', () => {
  let office: TestOffice
  let desk1: Phone

  beforeAll(async () => {
    office = await openTestOffice()
    const paris = await office.node('paris-1')
    desk1 = await office.phone('HD0001', paris)
    await logIn(desk1, '100')
    await desk1.nextNotify()
  }, 60_000)

  afterAll(() => office.close())

  it('who changes a name has the phone told, and nobody logged out', async () => {
    const told = desk1.nextNotify()
    await office.redis.cli('HSET', '{hd}:user:100', 'name', 'Alice Example')
    expect(await told).toMatch(/^check-sync/)
    expect(await office.redis.cli('HGET', '{hd}:devices', 'HD0001')).toBe('100')
  })

  it('who deletes a user has the phone free within 5 seconds, and told', async () => {
    const told = desk1.nextNotify()
    await office.redis.cli('DEL', '{hd}:user:100')
    await office.redisSays('0', 'EXISTS', '{hd}:users', '{hd}:devices')
    expect(await told).toMatch(/^check-sync/)
    expect(await dialRefused(desk1, '101')).toBe(480)
    const call = await dialAnswered(desk1, '*77*5*')
    await call.ended
  })
})
