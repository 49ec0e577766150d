import { spawn } from 'node:child_process'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { tied } from '../process/child.js'
import type { TestRedis } from '../redis/redis.js'

/** Every command that Redis gets, from the moment this resolves on. */
export interface HeardCommands {
  /** All of them, those that were sent before this call included. */
  close(): Promise<string>
}

export async function hearCommands(redis: TestRedis): Promise<HeardCommands> {
  const monitor = spawn(...tied('redis-cli', ['-s', redis.socket, 'MONITOR']), { stdio: ['ignore', 'pipe', 'ignore'] })
  let heard = ''
  const until = (text: string) =>
    new Promise<void>((resolve) => {
      const check = () => heard.includes(text) && resolve()
      monitor.stdout.on('data', check)
      check()
    })
  monitor.stdout.on('data', (data: Buffer) => {
    heard += data.toString('latin1')
  })
  await until('OK')
  return {
    async close() {
      const mark = `end-${crypto.randomUUID()}`
      await redis.cli('ECHO', mark)
      await until(mark)
      const gone = new Promise((resolve) => monitor.once('exit', resolve))
      monitor.kill()
      await gone
      return heard
    },
  }
}

/** All that Redis and the nodes keep: every key and value, the slow log, and every file under the folder of Redis and of the nodes. */
export async function everythingKept(redis: TestRedis): Promise<string> {
  const keys = (await redis.cli('--scan')).split('\n').filter((key) => key !== '')
  const values = await Promise.all(keys.map((key) => redis.cli('DUMP', key)))
  return [...keys, ...values, await redis.cli('SLOWLOG', 'GET', '500'), await filesUnder(redis.directory)].join('\n')
}

async function filesUnder(folder: string): Promise<string> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true })
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  // A file that is being replaced may be gone by now.
  return (await Promise.all(files.map((file) => readFile(file, 'latin1').catch(() => '')))).join('\n')
}
