import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { chmod, mkdtemp, readdir, readFile, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { lifeOf } from '../../src/base/host/process-identity.js'
import { embeddedSocket } from '../../src/store/embedded/data-directory.js'
import { createStore, type Store } from '../../src/store/store.js'
import { tied } from '../support/process/child.js'
import { removeFolder } from '../support/process/remove-folder.js'
import { stateOf, storeNeeds } from '../support/redis/redis-store.js'

let data: string
beforeEach(async () => {
  data = await mkdtemp(join(tmpdir(), 'hotdesk-embedded-'))
})
afterEach(() => removeFolder(data))

const open = (directory = data): Promise<Store> => createStore(storeNeeds({ kind: 'embedded' }, directory))
const redisProcess = (): Promise<string> => readFile(join(data, 'redis', 'redis.process'), 'utf8')

/** A process of its own, of the built program, that opens the store, says so and waits to be killed. */
async function startHolder(): Promise<ChildProcess> {
  const holder = spawn(...tied(process.execPath, [resolve(import.meta.dirname, '../support/redis/redis-holder.mjs'), data]), {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await new Promise<void>((done, fail) => {
    holder.stdout.once('data', () => done())
    holder.once('exit', (code) => fail(new Error(`the holder ended with ${code}`)))
  })
  return holder
}

async function kill(holder: ChildProcess): Promise<void> {
  const gone = new Promise((done) => holder.once('close', done))
  holder.kill('SIGKILL')
  await gone
}

describe('the embedded Redis', () => {
  it('keeps everything over an orderly end and a restart, and leaves no process', async () => {
    const first = await open()
    await first.putFields('user:100', { name: 'Alice' })
    const server = await redisProcess()
    expect(lifeOf(server)).toBe('alive')
    await first.close()
    expect(lifeOf(server)).toBe('gone')
    const second = await open()
    expect(second.replica.hash('user:100')?.get('name')).toBe('Alice')
    await second.close()
  })

  it('is private: its socket and directory are closed to others, and it listens on no port', async () => {
    const store = await open()
    expect(store.cli).toBe(`redis-cli -s ${data}/redis/redis.sock`)
    expect((await stat(join(data, 'redis'))).mode & 0o077).toBe(0)
    const files = await readdir(join(data, 'redis'), { recursive: true })
    expect(files).toEqual(expect.arrayContaining(['redis.sock', 'redis.log', 'appendonlydir']))
    for (const file of files) expect([file, (await stat(join(data, 'redis', file))).mode & 0o077]).toEqual([file, 0])
    await store.close()
  })

  it('writes each acknowledged change to the disk before it is acknowledged', async () => {
    const store = await open()
    const { stdout } = await promisify(execFile)('redis-cli', ['-s', join(data, 'redis', 'redis.sock'), 'CONFIG', 'GET', 'append*'])
    expect(stdout).toMatch(/^appendonly\nyes$/m)
    expect(stdout).toMatch(/^appendfsync\nalways$/m)
    await store.close()
  })

  it('is restarted when it is killed, and the store finds it again', async () => {
    const store = await open()
    await store.putFields('user:100', { name: 'Alice' })
    const lost = stateOf(store, 'lost')
    process.kill(Number((await redisProcess()).split('.')[2]), 'SIGKILL')
    await lost
    expect(store.state).toBe('lost')
    await stateOf(store, 'connected', 10_000)
    expect(store.state).toBe('connected')
    expect(store.replica.hash('user:100')?.get('name')).toBe('Alice')
    await store.close()
  })

  it('is refused to a second node in the same directory', async () => {
    const store = await open()
    await expect(open()).rejects.toMatchObject({ code: 'DATA_IN_USE' })
    await store.close()
  })

  it('works in a directory whose name is too long for a socket, with a socket that nobody else can create there', async () => {
    const deep = join(data, 'a-directory-with-a-long-name/'.repeat(5))
    const folder = dirname(embeddedSocket(deep))
    try {
      const store = await open(deep)
      await store.putFields('user:100', { name: 'Alice' })
      expect(store.state).toBe('connected')
      await store.close()
      await chmod(folder, 0o777)
      const refused = { code: 'CONFIG_INVALID', message: expect.stringContaining(`others can write to ${folder}`) as string }
      await expect(open(deep)).rejects.toMatchObject(refused)
      expect(() => embeddedSocket(deep)).toThrow(expect.objectContaining(refused))
    } finally {
      await removeFolder(folder)
    }
  })

  it('dies with a node that is killed, and a later start finds what was acknowledged', async () => {
    const holder = await startHolder()
    const server = await redisProcess()
    expect(lifeOf(server)).toBe('alive')
    await kill(holder)
    await expect.poll(() => lifeOf(server), { timeout: 5_000 }).toBe('gone')
    const store = await open()
    expect(store.replica.hash('user:100')?.get('name')).toBe('Alice')
    await store.close()
  })

  it('that outlived its node and its guard is ended by the next start', async () => {
    const holder = await startHolder()
    const server = await redisProcess()
    const pid = Number(server.split('.')[2])
    const guard = Number(/^PPid:\s+(\d+)/m.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1])
    process.kill(guard, 'SIGKILL')
    await kill(holder)
    const store = await open()
    expect(lifeOf(server)).toBe('gone')
    expect(store.replica.hash('user:100')?.get('name')).toBe('Alice')
    await store.close()
  })

  it('names what to install if there is no redis-server', async () => {
    const path = process.env.PATH
    process.env.PATH = data
    try {
      await expect(open()).rejects.toThrow(/apt-get install redis-server/)
    } finally {
      process.env.PATH = path
    }
  })
})
