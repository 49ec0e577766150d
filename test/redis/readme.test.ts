import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { openRedisConsole, type RedisConsole } from '../support/redis/redis-console.js'

/** Lines such as `redis-cli FCALL hotdesk_who 1 {hd} HD0001   # OCCUPIED 100`, to be pasted as they stand. */
const [readme = ''] = readFileSync(new URL('../../src/store/README.md', import.meta.url), 'utf8').split('\n## In production\n')
const lines = [...readme.matchAll(/^(redis-cli \S.*?)\s+# (.*)$/gm)].map(([line, command = '', remark = '']) => ({ line, command, remark }))

let desk: RedisConsole

beforeAll(async () => {
  desk = await openRedisConsole()
})
afterAll(() => desk.redis.close())
beforeEach(() => desk.clear())

describe('src/store/README.md', () => {
  it('shows how to read and how to act', () => expect(lines.length).toBeGreaterThanOrEqual(13))

  it.each(lines)('$command', async ({ line, command, remark }) => {
    // The preconditions of the lines: Alice is logged in at HD0001, and has mistyped her PIN; the phone is free before a login.
    if (!command.includes('hotdesk_login')) await desk.fcall('login 100 HD0001')
    await desk.fcall('attempt 100 HD0001')
    const pasted = `redis-cli() { command redis-cli -s "$SOCKET" "$@"; }\n${line}`
    const printed = execFileSync('bash', ['-c', pasted], { encoding: 'utf8', env: { ...process.env, SOCKET: desk.redis.socket } }).trim()
    expect(printed).not.toContain('ERR')
    const promised = /^[A-Z_]{4,}(?: [\w ]+)?/.exec(remark)?.[0]
    if (promised) expect(printed).toBe(promised)
    else expect(printed).not.toBe('')
  })
})
