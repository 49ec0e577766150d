import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { Secret } from '../../src/base/secret.js'
import { freePort } from '../support/net/free-port.js'
import { temporaryFolder } from '../support/process/temporary-folder.js'
import { openDeskNode } from '../support/redis/redis-network.js'
import { launchRedis, type RedisProcess } from '../support/redis/redis-process.js'

const document = readFileSync(new URL('../../src/store/README.md', import.meta.url), 'utf8')
const section = document.slice(document.indexOf('\n### Backup and restore\n'))

/** The commands of the two code blocks, without their remarks. */
const [backup = [], restore = []] = Array.from(section.matchAll(/```sh\n(.*?)```/gs), ([, block = '']) =>
  block
    .trim()
    .split('\n')
    .map((line) => line.replace(/\s+#.*$/, '')),
)

let folder: string
let port: number
let server: RedisProcess

const start = async (...words: readonly string[]): Promise<void> => {
  server = await launchRedis({ port, words: [join(folder, 'redis.conf'), ...words] })
}
const stop = async (): Promise<void> => {
  await server.cli('SHUTDOWN').catch(() => '')
  await vi.waitFor(() => expect(server.isGone()).toBe(true))
}

/** Runs a line of the document, with the folders of the test, and without systemd. */
async function run(line: string): Promise<void> {
  const [program, ...words] = line.split(' ')
  if (line === 'systemctl stop redis-server') return stop()
  if (line === 'systemctl start redis-server') return start()
  if (program === 'redis-server') return start(...words.slice(1, words.indexOf('--daemonize')))
  if (line === 'redis-cli SHUTDOWN') return stop()
  if (line === 'redis-cli INFO persistence')
    return vi.waitFor(async () => expect(await server.cli('INFO', 'persistence')).toMatch(/aof_rewrite_in_progress:0/), 5_000)
  const here = line.replace('-o redis -g redis ', '').replaceAll(/\/var\/(?:lib\/redis|backups)/g, folder)
  execFileSync('bash', ['-c', `redis-cli() { command redis-cli -p ${port} "$@"; }\n${here}`])
}

beforeAll(async () => {
  ;[folder, port] = [temporaryFolder('backup'), await freePort()]
  writeFileSync(join(folder, 'redis.conf'), `port ${port}\nbind 127.0.0.1\ndir ${folder}\nappendonly yes\n`)
  await start()
  const node = await openDeskNode({ directory: folder, place: placeOf(port) })
  await node.close()
})
afterAll(() => server.kill())

describe('the backup of src/store/README.md', () => {
  it('is restored with users, logins and functions, and survives the next restart', async () => {
    await server.cli('FCALL', 'hotdesk_login', '1', '{hd}', '100', 'HD0001')
    for (const line of backup) await run(line)
    await server.cli('FLUSHALL')
    await server.cli('FUNCTION', 'FLUSH')
    expect(restore.length).toBeGreaterThan(5)
    for (const line of restore) await run(line)
    await stop()
    await start()
    expect(await server.cli('FCALL', 'hotdesk_who', '1', '{hd}', 'HD0001')).toBe('OCCUPIED 100')
    expect(await server.cli('HGET', '{hd}:user:100', 'name')).toBe('Alice')
  })

  it('needs these steps: if an append-only file is configured and missing, Redis ignores the dump', async () => {
    await stop()
    execFileSync('rm', ['-rf', join(folder, 'appendonlydir')])
    await start()
    expect(await server.cli('DBSIZE')).toBe('0')
  })
})

function placeOf(port: number) {
  const access = { username: null, password: null, sentinelPassword: null, isEncrypted: false, ca: null }
  return { kind: 'url', url: new Secret(`redis://127.0.0.1:${port}`), access } as const
}
