import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Phone } from '../../../src/softphones/softphone.js'
import { dialAnswered, hears, logIn, logOut } from '../../support/node/login.js'
import { openTestOffice, type TestOffice } from '../../support/node/office.js'

/** Two nodes, which share the counters; the figures are those of a network that has set none. */
describe('guessing a PIN', () => {
  let office: TestOffice
  let desk1: Phone
  let desk2: Phone
  let abroad: Phone

  beforeAll(async () => {
    office = await openTestOffice()
    const paris = await office.node('paris-1', 'paris')
    const london = await office.node('london-1', 'london')
    desk1 = await office.phone('HD0001', paris)
    desk2 = await office.phone('HD0002', paris)
    abroad = await office.phone('HD0003', london)
  }, 60_000)

  afterAll(() => office.close())

  const fcall = (name: string, ...args: readonly string[]) => office.redis.cli('FCALL', name, '1', '{hd}', ...args)
  const sitter = (phone: Phone) => office.redis.cli('HGET', '{hd}:devices', phone.device)
  const ttl = async (name: string) => Number(await office.redis.cli('TTL', `{hd}:attempts:${name}`))

  async function lastEvent(): Promise<string> {
    return (await office.redis.cli('XREVRANGE', '{hd}:events', '+', '-', 'COUNT', '1')).split('\n').slice(1).join(' ')
  }

  async function guess(phone: Phone, extension: string, pins: readonly string[]): Promise<void> {
    const call = await dialAnswered(phone, `*77*${extension}*`)
    for (const pin of pins) {
      await hears(call)
      await call.audio.press(`${pin}#`)
      await hears(call, 20)
    }
    await call.ended
  }

  it('three times locks the user at that phone for fifteen minutes, for the right PIN as well', async () => {
    await logIn(desk2, '100')
    await guess(desk1, '100', ['1357', '2468', '9753'])
    expect(await ttl('100:HD0001')).toBeGreaterThan(880)
    expect(await ttl('100:HD0001')).toBeLessThanOrEqual(900)
    await logIn(desk1, '100')
    expect(await sitter(desk1)).toBe('')
    expect(await lastEvent()).toMatch(/^event login.locked device HD0001 user 100 seconds 8\d\d reason user-at-phone$/)
  })

  it('keeps the user out at no other phone, of no node', async () => {
    await logIn(abroad, '100')
    expect(await sitter(abroad)).toBe('100')
    await logIn(desk2, '100')
    expect(await sitter(desk2)).toBe('100')
  })

  it('keeps nobody else from logging in at that phone, and the locked user from nothing but that', async () => {
    await logIn(desk1, '101')
    expect(await sitter(desk1)).toBe('101')
    expect(await sitter(desk2)).toBe('100')
    await logOut(desk2)
    expect(await sitter(desk2)).toBe('')
  })

  it('ends when an operator unlocks the user', async () => {
    expect(await fcall('hotdesk_unlock', '100')).toBe('UNLOCKED 100')
    await logIn(desk1, '100')
    expect(await sitter(desk1)).toBe('100')
  })

  it('ten times locks the phone for fifteen minutes, whoever it is for; logging out goes on', async () => {
    // Three were spent on Alice at this phone, and the one of Bob, who was right, was given back.
    expect(await office.redis.cli('GET', '{hd}:attempts:HD0001')).toBe('3')
    const before = await sitter(desk1)
    for (let stranger = 190; stranger < 196; stranger++)
      expect(await fcall('hotdesk_attempt', String(stranger), 'HD0001')).toMatch(/^ALLOWED/)
    const tenth = await dialAnswered(desk1, '*77*196*')
    await hears(tenth)
    await tenth.audio.press('1357#')
    await hears(tenth, 20)
    await tenth.hangUp()
    expect(await ttl('HD0001')).toBeGreaterThan(880)
    await logIn(desk1, '102')
    expect(await sitter(desk1)).toBe(before)
    expect(await lastEvent()).toMatch(/^event login.locked device HD0001 user 102 seconds \d+ reason phone$/)
    await logIn(desk2, '102')
    expect(await sitter(desk2)).toBe('102')
    await logOut(desk1)
    expect(await sitter(desk1)).toBe('')
  })
})
