import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { keepLog } from '../../support/node/kept-log.js'
import { startTestRedis, type TestRedis } from '../../support/redis/redis.js'
import { type DeskNode, device, eventsOf, extension, openDeskNode } from '../../support/redis/redis-network.js'
import { entriesOf, keyOf } from '../../support/redis/redis-store.js'

const kept = keepLog()
let redis: TestRedis
let paris: DeskNode
let london: DeskNode

/** 102 belongs to London and visits Paris; HD0004 is in London. */
beforeEach(async () => {
  redis = await startTestRedis()
  paris = await openDeskNode(redis, { pace: 'hasty', log: kept.log })
  london = await openDeskNode(redis, { name: 'london-1', site: 'london', pace: 'hasty' })
  await paris.directory.putUser('101', { home: 'london' })
  await paris.directory.putUser('102', { home: 'london' })
  await paris.directory.putDevice('HD0004', { site: 'london', location: 'London' })
  await login('102', 'HD0001')
})
afterEach(async () => {
  await london.close()
  await paris.close()
  await redis.close()
})

const fcall = (name: string, ...args: readonly string[]) => redis.cli('FCALL', `hotdesk_${name}`, '1', '{hd}', ...args)
const siteIs = (isWanted: (site: ReadonlyMap<string, string>) => boolean) =>
  keyOf(paris.store, 'site:london', (hash) => hash !== undefined && isWanted(hash), 10_000)
const onlySiteEvents = async () => (await eventsOf(paris.store)).filter(({ event }) => event?.startsWith('site.'))
const automaticLogouts = async () => (await eventsOf(paris.store)).filter(({ via }) => via === 'automatic')

async function login(user: string, id: string): Promise<void> {
  expect(await fcall('login', user, id)).toBe('LOGGED_IN')
  await keyOf(paris.store, 'devices', (hash) => hash?.get(id) === user)
}

/** Epoch seconds, so many minutes ago by the clock of Redis. */
async function ago(minutes: number): Promise<string> {
  return String(Number((await redis.cli('TIME')).split('\n')[0]) - minutes * 60)
}

/** Makes the login at the phone so many minutes old. */
async function sitsFor(id: string, minutes: number): Promise<void> {
  await redis.cli('HSET', `{hd}:device:${id}`, 'since', await ago(minutes))
}

async function londonEnds(): Promise<void> {
  await london.close()
  await siteIs((site) => site.has('lost'))
}

async function leaves(id: string): Promise<void> {
  await keyOf(paris.store, 'devices', (hash) => hash?.has(id) !== true, 8_000)
}

/** The rounds of the node are over once a user who must be logged out is. */
async function aRound(): Promise<void> {
  await redis.cli('HSET', '{hd}:user:100', 'home', 'nowhere')
  await redis.cli('HSET', '{hd}:site:nowhere', 'nodes', 'nowhere-1', 'lost', await ago(25 * 60))
  await login('100', 'HD0003')
  await sitsFor('HD0003', 26 * 60)
  await leaves('HD0003')
}

describe('a site', () => {
  it('is known by its nodes', async () => {
    expect(await redis.cli('HGET', '{hd}:site:london', 'nodes')).toBe('london-1')
    const second = await openDeskNode(redis, { name: 'london-2', site: 'london' })
    expect(await redis.cli('HGET', '{hd}:site:london', 'nodes')).toBe('london-1 london-2')
    await second.close()
    expect(paris.directory.sites().map(({ id }) => id)).toEqual(['paris', 'london'])
  })

  it('is lost if none of its nodes lives for a minute, and back with the first one; each is reported once', async () => {
    const other = await openDeskNode(redis, { name: 'paris-2', pace: 'hasty' })
    await londonEnds()
    expect(await fcall('who', 'HD0001')).toBe('OCCUPIED 102')
    london = await openDeskNode(redis, { name: 'london-1', site: 'london', pace: 'hasty' })
    await siteIs((site) => site.has('back') && !site.has('lost'))
    expect(await onlySiteEvents()).toEqual([
      { event: 'site.lost', site: 'london' },
      { event: 'site.back', site: 'london', node: 'london-1' },
    ])
    const said = entriesOf(kept).filter(({ event }) => event?.startsWith('site.'))
    expect(said.map(({ event }) => event)).toEqual(['site.lost', 'site.back'])
    await other.close()
  })

  it('is not lost while one of its nodes lives, whichever node reports it lost', async () => {
    expect(await fcall('site_lost', 'london')).toBe('ALIVE london-1')
    expect(await fcall('site_lost', 'rome')).toBe('UNKNOWN_SITE')
    await londonEnds()
    expect(await fcall('site_lost', 'london')).toBe('UNCHANGED')
  })

  it('whose key has another type does not stop a node from living', async () => {
    await redis.cli('DEL', '{hd}:site:rome')
    await redis.cli('SET', '{hd}:site:rome', 'was not built in a day')
    const rome = await openDeskNode(redis, { name: 'rome-1', site: 'rome' })
    expect(await redis.cli('HGET', '{hd}:node:rome-1', 'site')).toBe('rome')
    expect(await fcall('site_lost', 'rome')).toBe('UNKNOWN_SITE')
    await rome.close()
  })
})

describe('the home site is lost', () => {
  it('and its users stay logged in at other sites, for a day', async () => {
    await sitsFor('HD0001', 48 * 60)
    await londonEnds()
    await redis.cli('HSET', '{hd}:site:london', 'lost', await ago(23 * 60))
    await aRound()
    expect(await fcall('who', 'HD0001')).toBe('OCCUPIED 102')
    await redis.cli('HSET', '{hd}:site:london', 'lost', await ago(24 * 60 + 1))
    await leaves('HD0001')
    expect((await automaticLogouts()).at(-1)).toEqual({
      event: 'logout',
      device: 'HD0001',
      user: '102',
      via: 'automatic',
      reason: 'home-lost',
    })
  })

  it('and a user who logs in after the loss has the whole time from then on', async () => {
    await londonEnds()
    await redis.cli('HSET', '{hd}:site:london', 'lost', await ago(72 * 60))
    await sitsFor('HD0001', 23 * 60)
    await aRound()
    expect(await fcall('who', 'HD0001')).toBe('OCCUPIED 102')
    await sitsFor('HD0001', 24 * 60 + 1)
    await leaves('HD0001')
    await login('102', 'HD0001')
    await aRound()
    expect(await fcall('who', 'HD0001')).toBe('OCCUPIED 102')
  })

  it.each(['never', '0'])('for good, if homeLostLogout is %s', async (homeLostLogout) => {
    expect(await paris.directory.putSite('london', { homeLostLogout })).toEqual({ outcome: 'SAVED' })
    await sitsFor('HD0001', 24 * 60 * 400)
    await londonEnds()
    await redis.cli('HSET', '{hd}:site:london', 'lost', await ago(24 * 60 * 365))
    await aRound()
    expect(await fcall('who', 'HD0001')).toBe('OCCUPIED 102')
  })

  it('and its visitors are not logged out by others: the site may only be cut off', async () => {
    await login('101', 'HD0004')
    await sitsFor('HD0001', 48 * 60)
    await sitsFor('HD0004', 48 * 60)
    await londonEnds()
    await redis.cli('HSET', '{hd}:site:london', 'lost', await ago(24 * 60 + 1))
    await leaves('HD0001')
    await aRound()
    expect(await fcall('who', 'HD0004')).toBe('OCCUPIED 101')
  })
})

describe('the home site returns', () => {
  async function returned(minutes: number): Promise<void> {
    await sitsFor('HD0001', minutes + 60)
    await redis.cli('HSET', '{hd}:site:london', 'back', await ago(minutes))
  }

  it('and its users stay where they are', async () => {
    await returned(60)
    await aRound()
    expect(await fcall('who', 'HD0001')).toBe('OCCUPIED 102')
  })

  it('and they go home after ten minutes, if homeReturn is return', async () => {
    await paris.directory.putSite('london', { homeReturn: 'return' })
    await returned(9)
    await aRound()
    expect(await fcall('who', 'HD0001')).toBe('OCCUPIED 102')
    await returned(11)
    await leaves('HD0001')
    expect((await automaticLogouts()).at(-1)).toMatchObject({ user: '102', reason: 'home-return' })
    // A user who logs in again does so on purpose.
    await login('102', 'HD0001')
    await aRound()
    expect(await fcall('who', 'HD0001')).toBe('OCCUPIED 102')
  })

  it('and a user in a call goes home when it has ended', async () => {
    await paris.directory.putSite('london', { homeReturn: 'return' })
    paris.hotdesk.callBegan(device('HD0001'), 'ordinary')
    await expect.poll(() => redis.cli('HGET', '{hd}:oncall:HD0001', 'paris-1')).toMatch(/ 1 0$/)
    await returned(11)
    await aRound()
    expect(await fcall('who', 'HD0001')).toBe('OCCUPIED 102')
    expect(paris.hotdesk.devicesOf(extension('102'))).toEqual(['HD0001'])
    paris.hotdesk.callEnded(device('HD0001'), 'ordinary')
    await leaves('HD0001')
  })
})
