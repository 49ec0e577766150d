import { execFile } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { systemClock } from '../../../src/base/clock.js'
import { silentLogger } from '../../../src/base/logger.js'
import { Secret } from '../../../src/base/secret.js'
import type { Phone } from '../../../src/softphones/softphone.js'
import { createSoftphones, type Softphones } from '../../../src/softphones/softphones.js'
import { converse, hangUp } from '../../support/node/conversation.js'
import { until } from '../../support/node/node-health.js'
import { createWorkplace, type Program, type Workplace } from '../../support/node/program.js'

const execute = promisify(execFile)

/** A node with a redis-server of its own, as `npm start` runs it: the sample network. */
describe('a node with an embedded Redis', () => {
  let place: Workplace
  let bank: Softphones
  let node: Program
  let address: string
  let desk1: Phone
  let desk2: Phone

  beforeAll(async () => {
    place = await createWorkplace()
    bank = await createSoftphones({ clock: systemClock, log: silentLogger() })
    node = place.run(['start'])
    address = await sipOf(node)
    ;[desk1, desk2] = [await phone('HD0001'), await phone('HD0002')]
  }, 60_000)

  afterAll(async () => {
    await bank.close()
    await place.close()
  })

  async function phone(device: string): Promise<Phone> {
    const own = bank.phone({ device, password: new Secret(`sample-${device}`), node: address, domain: 'hotdesk.example' })
    expect((await own.register()).status).toBe(200)
    return own
  }

  async function redisCli(...args: readonly string[]): Promise<string> {
    return (await execute('redis-cli', ['-s', join(place.folder, 'data/redis/redis.sock'), ...args])).stdout.trim()
  }

  it('is killed with kill -9: its redis-server ends by itself, soon', async () => {
    expect(await redisCli('FCALL', 'hotdesk_login', '1', '{hd}', '100', 'HD0001')).toBe('LOGGED_IN')
    expect(await redisCli('FCALL', 'hotdesk_login', '1', '{hd}', '101', 'HD0002')).toBe('LOGGED_IN')
    await until(
      'both are registered',
      () => redisCli('EXISTS', '{hd}:reg:HD0001', '{hd}:reg:HD0002'),
      (answer) => answer === '2',
    )
    expect(redisServersIn(place.folder)).toHaveLength(1)
    node.signal('SIGKILL')
    expect(await node.exited).toBe(null)
    await until(
      'no redis-server runs here',
      () => redisServersIn(place.folder).length,
      (count) => count === 0,
    )
  })

  it('starts again with one redis-server, its logins, and its registered phones', async () => {
    node = place.run(['start'], { env: { HOTDESK_SIP_LISTEN: `udp://${address}` } })
    expect(await sipOf(node)).toBe(address)
    expect(redisServersIn(place.folder)).toHaveLength(1)
    expect(await redisCli('FCALL', 'hotdesk_who', '1', '{hd}', 'HD0001')).toBe('OCCUPIED 100')
    await hangUp(await converse(desk2, '100', desk1))
    expect(node.output()).not.toContain('registrar.bound')
  })

  it('loses its redis-server to kill -9: it is started again, with everything in it', async () => {
    const [lost] = redisServersIn(place.folder)
    process.kill(lost ?? 0, 'SIGKILL')
    await until(
      'another redis-server knows who sits where',
      () => redisCli('FCALL', 'hotdesk_who', '1', '{hd}', 'HD0001').catch(() => ''),
      (answer) => answer === 'OCCUPIED 100',
      10_000,
    )
    const [present, ...others] = redisServersIn(place.folder)
    expect([present === lost, others]).toEqual([false, []])
    await hangUp(await converse(desk2, '100', desk1))
    // By this note the next start finds out what was left behind.
    const note = join(place.folder, 'data/redis/redis.process')
    await until(
      'the note names it',
      () => readFileSync(note, 'utf8'),
      (text) => text.includes(`.${present}.`),
    )
  })

  it('is killed and started in the same moment: the new one waits for the old redis-server and loses nothing', async () => {
    expect(await redisCli('FCALL', 'hotdesk_login', '1', '{hd}', '102', 'HD0002')).toBe('DISPLACED 101')
    node.signal('SIGKILL')
    await node.exited
    node = place.run(['start'], { env: { HOTDESK_SIP_LISTEN: `udp://${address}` } })
    await sipOf(node)
    expect(redisServersIn(place.folder)).toHaveLength(1)
    expect(await redisCli('FCALL', 'hotdesk_who', '1', '{hd}', 'HD0002')).toBe('OCCUPIED 102')
  })

  it('ends by SIGINT with 0, and no redis-server is left', async () => {
    node.signal('SIGINT')
    expect(await node.exited).toBe(0)
    expect(redisServersIn(place.folder)).toHaveLength(0)
  })
})

async function sipOf(node: Program): Promise<string> {
  await node.printed(/Press Ctrl-C to stop/)
  return (await node.printed(/SIP +udp\/(\S+)/))[1] ?? ''
}

/** Process ids of the redis-servers whose files are in that folder. */
function redisServersIn(folder: string): readonly number[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  return pids.filter((pid) => titleOf(pid).startsWith('redis-server') && titleOf(pid).includes(folder)).map(Number)
}

function titleOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
  } catch {
    return ''
  }
}
