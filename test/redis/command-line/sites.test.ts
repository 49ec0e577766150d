import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type CommandLine, openCommandLine } from '../../support/node/command-line.js'

let desk: CommandLine

beforeAll(async () => {
  desk = await openCommandLine()
  await writeFile(
    join(desk.folder, 'dialplans/paris.yaml'),
    'site: paris\nextensions: ["1XX"]\nelin: "+33199000000"\ntrunks: { paris-carrier: { uri: "sip:192.0.2.20" } }\n',
  )
  await writeFile(join(desk.folder, 'dialplans/london.yaml'), 'site: london\nextensions: ["1XX"]\n')
  await desk.redis.cli('HSET', '{hd}:node:oslo-1', 'site', 'oslo', 'sip', 'udp:192.0.2.1:5060', 'version', '0.1.0')
  await desk.redis.cli('HSET', '{hd}:reg:HD0001', 'node', 'oslo-1')
  await desk.redis.cli('FCALL', 'hotdesk_login', '1', '{hd}', '100', 'HD0001')
  await desk.directory.putUser('120', { home: 'berlin' })
})
afterAll(() => desk.close())

describe('hotdesk site', () => {
  test('list names every site that anything names', async () => {
    const { out } = await desk.hotdesk('site', 'list')
    expect(out.split('\n').map((line) => line.replace(/ {2,}/g, ' ').replace(desk.folder, ''))).toEqual([
      'SITE NODES PHONES REGISTERED LOGGED IN USERS DIAL PLAN',
      'berlin - 0 0 0 1 not on this machine',
      'london - 0 0 0 0 /dialplans/london.yaml',
      'oslo oslo-1 0 0 0 0 not on this machine',
      'paris - 4 1 1 3 /dialplans/paris.yaml',
    ])
    expect(await desk.json('site', 'list')).toHaveLength(4)
  })

  test('show describes nodes, phones and the dial plan', async () => {
    const { out } = await desk.hotdesk('site', 'show', 'paris')
    expect(out).toMatch(/^paris\nnodes +none is up\nphones +4, 1 registered, 1 logged in\n/)
    expect(out).toMatch(/^trunks +paris-carrier$/m)
    expect(await desk.json('site', 'show', 'oslo')).toMatchObject({ nodes: ['oslo-1'], dialplan: null, plan: null })
    expect(await desk.hotdesk('site', 'show', 'rome')).toMatchObject({ code: 1 })
  })

  test('a table of the phones of a site without phones says so', async () => {
    expect(await desk.hotdesk('status', '--site', 'london')).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^DEVICE .*DISPLAY$/) as string,
      err: 'there is no phone at london; hotdesk site list shows all sites',
    })
    expect(await desk.json('status', '--site', 'london')).toEqual([])
  })

  test('add, set and rm keep the other settings of a site', async () => {
    expect(await desk.hotdesk('site', 'set', 'lyon', '--name', 'Lyon')).toMatchObject({
      code: 1,
      err: expect.stringContaining('no such site') as string,
    })
    expect((await desk.hotdesk('site', 'add', 'lyon', '--name', 'Lyon', '--home-lost-logout', '36h')).out).toBe('lyon: saved')
    expect((await desk.hotdesk('site', 'set', 'lyon', '--home-return', 'return')).out).toBe('lyon: saved')
    expect(await desk.json('site', 'show', 'lyon')).toMatchObject({
      site: 'lyon',
      name: 'Lyon',
      homeLostLogout: '36h',
      homeReturn: 'return',
      lost: null,
    })
    expect((await desk.hotdesk('site', 'set', 'lyon', '--name', '', '--home-lost-logout', '')).out).toBe('lyon: saved')
    expect(await desk.redis.cli('HGETALL', '{hd}:site:lyon')).toBe('homeReturn\nreturn')
    expect((await desk.hotdesk('site', 'rm', 'lyon', '--yes')).out).toBe('lyon: removed')
    expect(await desk.hotdesk('site', 'rm', 'lyon', '--yes')).toMatchObject({
      code: 1,
      err: expect.stringContaining('there is no such site') as string,
    })
  })

  test('a site without settings exists all the same', async () => {
    for (const options of [[], ['--name', '']]) {
      expect((await desk.hotdesk('site', 'add', 'lyon', ...options)).out).toBe('lyon: saved')
      expect((await desk.hotdesk('site', 'set', 'lyon', '--name', '')).out).toBe('lyon: saved')
      expect(await desk.redis.cli('HGETALL', '{hd}:site:lyon')).toBe('name\nlyon')
      expect((await desk.hotdesk('site', 'rm', 'lyon', '--yes')).out).toBe('lyon: removed')
    }
  })

  test('a stay of 0 is kept and shown as never', async () => {
    await desk.hotdesk('site', 'add', 'lyon', '--home-lost-logout', '0')
    expect(await desk.redis.cli('HGET', '{hd}:site:lyon', 'homeLostLogout')).toBe('never')
    await desk.redis.cli('HSET', '{hd}:site:lyon', 'homeLostLogout', '0')
    expect((await desk.hotdesk('site', 'show', 'lyon')).out).toMatch(/^homeLostLogout +never$/m)
    expect((await desk.hotdesk('site', 'set', '--help')).out.replace(/\s+/g, ' ')).toContain('0 is never')
    await desk.hotdesk('site', 'rm', 'lyon', '--yes')
  })

  test('rm is refused as long as anything names the site', async () => {
    for (const [site, why] of [
      ['oslo', 'it is still used by 1 live node'],
      ['paris', 'it is still used by 4 phones, 3 users'],
    ] as const) {
      expect(await desk.hotdesk('site', 'rm', site)).toMatchObject({ code: 1, err: expect.stringContaining(why) as string })
    }
  })

  test('show reports since when no node of the site is up', async () => {
    await desk.redis.cli('HSET', '{hd}:site:oslo', 'nodes', 'oslo-1', 'lost', '1800000000')
    await desk.redis.cli('DEL', '{hd}:node:oslo-1')
    expect((await desk.hotdesk('site', 'show', 'oslo')).out).toMatch(/^nodes +none is up since 20\d\d-\d\d-\d\d \d\d:\d\d:\d\d$/m)
    expect(await desk.json('site', 'show', 'oslo')).toMatchObject({ lost: '2027-01-15T08:00:00.000Z', back: null })
  })
})
