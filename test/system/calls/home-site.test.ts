import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { converse, expectUndisturbed, hangUp } from '../../support/node/conversation.js'
import { openTwoSites, type TwoSites } from '../../support/node/two-sites.js'

/** 102 is of London and sits in Paris when London is lost. */
describe('a visitor whose home site is lost', () => {
  let sites: TwoSites

  beforeAll(async () => {
    sites = await openTwoSites()
    await sites.office.directory.putUser('102', { home: 'london' })
    await sites.office.seat({ 101: 'HD0002', 102: 'HD0001' })
  }, 60_000)
  afterAll(() => sites.office.close())

  it('stays logged in, keeps the call and is called', async () => {
    const { office, london, desk1, desk2 } = sites
    const before = await converse(desk1, '101', desk2)
    await london.kill()
    await office.redis.cli('DEL', '{hd}:node:london-1')
    await office.follows('node:london-1', (node) => node === undefined)
    await expectUndisturbed(before)
    await hangUp(before)
    await hangUp(await converse(desk2, '102', desk1))
    expect(await office.redis.cli('FCALL', 'hotdesk_site_lost', '1', '{hd}', 'london')).toBe('LOST')
    await hangUp(await converse(desk2, '102', desk1))
  })

  it('is logged out once it has been lost for homeLostLogout, and its phone is refreshed', async () => {
    const { office, desk1 } = sites
    await desk1.nextNotify()
    const dayAgo = Number((await office.redis.cli('TIME')).split('\n')[0]) - 24 * 3_600
    const told = desk1.nextNotify()
    await office.redis.cli('HSET', '{hd}:site:london', 'lost', String(dayAgo))
    await office.redis.cli('HSET', '{hd}:device:HD0001', 'since', String(dayAgo))
    expect(await told).toMatch(/^check-sync/)
    expect(await office.redis.cli('FCALL', 'hotdesk_who', '1', '{hd}', 'HD0001')).toBe('FREE')
    expect(await office.redis.cli('FCALL', 'hotdesk_who', '1', '{hd}', 'HD0002')).toBe('OCCUPIED 101')
  })
})
