import { execFile } from 'node:child_process'
import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { pause, systemClock } from '../../../src/base/clock.js'
import { createMetrics } from '../../../src/base/metrics.js'
import { Secret } from '../../../src/base/secret.js'
import type { RedisTarget } from '../../../src/config/config.js'
import { freePort } from '../../support/net/free-port.js'
import { removeFolder } from '../../support/process/remove-folder.js'
import { type DeskNode, device, extension, openDeskNode, pin } from '../../support/redis/redis-network.js'
import { launchRedis, type RedisProcess } from '../../support/redis/redis-process.js'
import { keyOf } from '../../support/redis/redis-store.js'

const run = promisify(execFile)

let directory: string
let node: DeskNode

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'hotdesk-full-'))
})
afterEach(async () => {
  await node.close()
  await removeFolder(directory)
})

const login = (user: string, digits: string) =>
  node.hotdesk.login({ extension: extension(user), device: device('HD0001'), pin: pin(digits) })
const assigned = (user: string) => keyOf(node.store, 'devices', (hash) => hash?.get('HD0001') === user, 10_000)

/** Bytes that any file of this process may have from now on, as on a disk that is full. */
function limitFiles(pid: number, bytes: number | 'unlimited'): Promise<unknown> {
  return run('prlimit', ['--pid', String(pid), `--fsize=${bytes}:unlimited`])
}

describe('a Redis that cannot write its file', () => {
  let server: RedisProcess
  afterEach(() => server.kill())

  it('refuses logins with STORE_LOST; the copy and the calls continue; logins work again once there is room', async () => {
    const port = await freePort()
    const words = ['--port', String(port), '--bind', '127.0.0.1', '--dir', directory, '--save', '', '--daemonize', 'no']
    // If the process ignores the signal, a write beyond the limit is an error.
    const before = ['sh', '-c', 'trap "" XFSZ; exec "$@"', 'sh']
    server = await launchRedis({ port, before, words: [...words, '--appendonly', 'yes', '--appendfsync', 'everysec'] })
    const place: RedisTarget = { kind: 'url', url: new Secret(`redis://127.0.0.1:${port}`) }
    const metrics = createMetrics()
    node = await openDeskNode({ directory, place }, { metrics })
    expect(await login('100', '4711')).toEqual({ outcome: 'LOGGED_IN' })
    await assigned('100')
    expect((await metrics.storeRefusedTotal.get()).values[0]?.value).toBe(0)

    await limitFiles(server.pid, 1)
    await expect.poll(() => server.cli('HSET', '{hd}:other', 'a', 'b'), { timeout: 5_000 }).toContain('MISCONF')
    const began = systemClock.now()
    expect(await login('101', '5822')).toEqual({ outcome: 'STORE_LOST' })
    expect((await metrics.storeRefusedTotal.get()).values[0]?.value).toBeGreaterThan(0)
    expect(await node.hotdesk.logout(device('HD0001'), 'drain', 'dial-code')).toEqual({ outcome: 'STORE_LOST' })
    expect(systemClock.now() - began).toBeLessThan(5_000)
    expect(node.hotdesk.userOn(device('HD0001'))).toBe('100')
    node.hotdesk.callBegan(device('HD0001'), 'ordinary')

    await limitFiles(server.pid, 'unlimited')
    await expect.poll(() => server.cli('HSET', '{hd}:other', 'a', 'c'), { timeout: 5_000 }).not.toContain('MISCONF')
    // A node that could not write for long may have to reconnect first.
    const leave = () => node.hotdesk.logout(device('HD0001'), 'drain', 'dial-code')
    await expect.poll(leave, { timeout: 10_000 }).toMatchObject({ outcome: 'DRAINING' })
    node.hotdesk.callEnded(device('HD0001'), 'ordinary')
    await keyOf(node.store, 'devices', (hash) => hash === undefined, 5_000)
    expect(await login('101', '5822')).toEqual({ outcome: 'LOGGED_IN' })
  })
})

describe('an embedded Redis whose disk is full', () => {
  const path = process.env.PATH
  afterEach(() => {
    process.env.PATH = path
  })

  /** A redis-server first on PATH that starts the real one with the limit from a file. */
  async function limitEmbedded(blocks: number | 'unlimited'): Promise<void> {
    const script = `#!/bin/sh\ntrap '' XFSZ\nulimit -S -f ${blocks}\nPATH='${path}' exec redis-server "$@"\n`
    await writeFile(join(directory, 'redis-server'), script, { mode: 0o755 })
    process.env.PATH = `${directory}${delimiter}${path}`
  }

  it('ends and is restarted until it can write; nothing that was acknowledged is lost', async () => {
    await limitEmbedded('unlimited')
    node = await openDeskNode({ directory, place: { kind: 'embedded' } })
    expect(await login('100', '4711')).toEqual({ outcome: 'LOGGED_IN' })
    await assigned('100')
    await limitEmbedded(1)
    const info = await run('redis-cli', [...socketWords(node.store.cli), 'INFO', 'server'])
    await limitFiles(Number(/process_id:(\d+)/.exec(info.stdout)?.[1]), 1)

    for (let tries = 0; tries < 5; tries++) {
      expect(['STORE_LOST', 'UNCONFIRMED']).toContain((await login('101', '5822')).outcome)
      expect(node.hotdesk.userOn(device('HD0001'))).toBe('100')
      await pause(systemClock, 300)
    }
    await limitEmbedded('unlimited')
    await expect.poll(() => login('101', '5822'), { timeout: 20_000 }).toEqual({ outcome: 'DISPLACED', displaced: '100', from: null })
  })

  /** `redis-cli -s <socket>` */
  function socketWords(cli: string): readonly string[] {
    return cli.split(' ').slice(1)
  }
})
