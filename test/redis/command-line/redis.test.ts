import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { hotdeskLibrary } from '../../../src/hotdesk/hotdesk.js'
import { type CommandLine, openCommandLine } from '../../support/node/command-line.js'
import { keyOf, openTestStore } from '../../support/redis/redis-store.js'

let line: CommandLine

beforeAll(async () => {
  line = await openCommandLine()
  await line.redis.cli('ACL', 'SETUSER', 'installer', 'on', '>of-the-test', '~*', '+@all')
  await line.redis.cli('ACL', 'SETUSER', 'default', '-function|load')
})
afterAll(() => line.close())
afterEach(() => {
  delete process.env.HOTDESK_REDIS_INSTALL_PASSWORD
})

describe('hotdesk redis install', () => {
  it('finds the functions of this version', async () => {
    expect(await line.hotdesk('redis', 'install')).toEqual({
      code: 0,
      out: `Redis already holds version ${hotdeskLibrary.version} of the function library.`,
      err: '',
    })
    expect(await line.json('redis', 'install')).toEqual({ outcome: 'PRESENT', version: hotdeskLibrary.version })
  })

  it('is the advice of every command if they are missing', async () => {
    await line.redis.cli('FUNCTION', 'DELETE', 'hotdesk')
    const { code, err } = await line.hotdesk('status')
    expect([code, err]).toEqual([
      1,
      expect.stringMatching(/hotdesk: .* \(STORE_FUNCTIONS\)\n {2}→ run `hotdesk redis install` with a Redis user that may load functions/),
    ])
  })

  it('names the next step for a Redis user that may not load them', async () => {
    const { code, err } = await line.hotdesk('redis', 'install')
    expect([code, err]).toEqual([1, expect.stringContaining('name a user that may: hotdesk redis install --user <name>')])
  })

  it('loads them as another user, whose password it never shows', async () => {
    process.env.HOTDESK_REDIS_INSTALL_PASSWORD = 'of-the-test'
    const { code, out, err } = await line.hotdesk('redis', 'install', '--user', 'installer')
    expect([code, out]).toEqual([0, `Installed: version ${hotdeskLibrary.version} of the function library.`])
    expect(`${out}${err}`).not.toContain('of-the-test')
    expect((await line.hotdesk('status')).code).toBe(0)
  })

  it('does not replace a newer version unless it is forced to', async () => {
    process.env.HOTDESK_REDIS_INSTALL_PASSWORD = 'of-the-test'
    const newer = hotdeskLibrary.code.replace(/^local VERSION = \d+$/m, 'local VERSION = 9999')
    await line.redis.cli('--user', 'installer', '--pass', 'of-the-test', '--no-auth-warning', 'FUNCTION', 'LOAD', 'REPLACE', newer)
    const { code, err } = await line.hotdesk('redis', 'install', '--user', 'installer', '--now')
    expect([code, err]).toEqual([1, expect.stringMatching(/^Not installed: Redis holds version 9999.*hotdesk redis install --force$/)])
    expect((await line.hotdesk('redis', 'install', '--user', 'installer', '--force')).code).toBe(0)
  })
})

describe('hotdesk redis restore', () => {
  let file: string

  beforeAll(async () => {
    await line.redis.cli('FCALL', 'hotdesk_login', '1', '{hd}', '100', 'HD0001')
    await line.redis.cli('FCALL', 'hotdesk_login', '1', '{hd}', '102', 'HD0002')
    await line.redis.cli('HSET', '{hd}:site:london', 'name', 'The City', 'homeLostLogout', 'never', 'nodes', 'london-1')
    const data = join(line.folder, 'data')
    const store = await openTestStore(line.redis, { data })
    await keyOf(store, 'devices', (hash) => hash?.get('HD0002') === '102')
    await store.close()
    file = join(data, 'copy-hd.jsonl')
    await line.redis.cli('DEL', '{hd}:user:100', '{hd}:user:101', '{hd}:device:HD0001', '{hd}:devices', '{hd}:users', '{hd}:site:london')
    // As a node sets a phone right whose login has vanished.
    await line.redis.cli('HSET', '{hd}:device:HD0002', 'state', 'idle', 'cause', 'edited')
    // As a living node does with its next heartbeat.
    await line.redis.cli('HSET', '{hd}:site:london', 'nodes', 'london-2')
    await line.redis.cli('HSET', '{hd}:user:102', 'name', 'Changed since')
  })

  it('shows what it would write, and writes nothing', async () => {
    const { code, out } = await line.hotdesk('redis', 'restore', file, '--dry-run')
    expect([code, out]).toEqual([0, 'Would write back: 2 users, 1 phone, 2 logins.'])
    expect(await line.redis.cli('EXISTS', '{hd}:user:100', '{hd}:devices')).toBe('0')
  })

  it('writes back missing records and logins, and changes nothing that exists', async () => {
    expect(await line.json('redis', 'restore', file)).toEqual({ users: 2, phones: 1, logins: 2 })
    expect(await line.redis.cli('FCALL', 'hotdesk_where', '1', '{hd}', '100')).toBe('AT HD0001')
    expect(await line.redis.cli('FCALL', 'hotdesk_who', '1', '{hd}', 'HD0002')).toBe('OCCUPIED 102')
    expect(await line.redis.cli('HGET', '{hd}:user:101', 'name')).toBe('Bob')
    expect(await line.redis.cli('HGET', '{hd}:user:102', 'name')).toBe('Changed since')
    expect(await line.redis.cli('HMGET', '{hd}:site:london', 'name', 'homeLostLogout', 'nodes')).toBe('The City\nnever\nlondon-2')
    expect(await line.json('redis', 'restore', file)).toEqual({ users: 0, phones: 0, logins: 0 })
  })

  it('refuses a file that is not a saved copy', async () => {
    const { code, err } = await line.hotdesk('redis', 'restore', join(line.folder, 'hotdesk.yaml'))
    expect([code, err]).toEqual([1, expect.stringContaining('is damaged')])
  })
})

describe('hotdesk redis accept', () => {
  it('leaves the mark that ends a loss', async () => {
    expect((await line.hotdesk('redis', 'accept')).code).toBe(0)
    expect(Math.abs(Number(await line.redis.cli('HGET', '{hd}:removed', '*')) - Date.now() / 1_000)).toBeLessThan(5)
  })
})
