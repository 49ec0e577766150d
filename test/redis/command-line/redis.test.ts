import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { hotdeskLibrary } from '../../../src/hotdesk/hotdesk.js'
import { type CommandLine, openCommandLine } from '../../support/command-line.js'

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
      out: `Redis holds version ${hotdeskLibrary.version} of the function library already.`,
      err: '',
    })
    expect(await line.json('redis', 'install')).toEqual({ outcome: 'PRESENT', version: hotdeskLibrary.version })
  })

  it('is what every command asks for where they are missing', async () => {
    await line.redis.cli('FUNCTION', 'DELETE', 'hotdesk')
    const { code, err } = await line.hotdesk('status')
    expect([code, err]).toEqual([
      1,
      expect.stringMatching(/hotdesk: .*run `hotdesk redis install` with a Redis user that may load functions/),
    ])
  })

  it('names the way out for a Redis user that may not load them', async () => {
    const { code, err } = await line.hotdesk('redis', 'install')
    expect([code, err]).toEqual([1, expect.stringContaining('name one that may: hotdesk redis install --user <name>')])
  })

  it('loads them as another user, whose password it shows nowhere', async () => {
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
