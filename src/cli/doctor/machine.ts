import { execFile } from 'node:child_process'
import { existsSync, statSync } from 'node:fs'
import { access, constants, statfs } from 'node:fs/promises'
import { dirname } from 'node:path'
import { promisify } from 'node:util'
import { messageOf } from '../../base/errors.js'
import type { Config } from '../../config/config.js'
import { generatedSecretFile } from '../../config/generated-secret.js'
import { type Finding, findingsAbout } from './finding.js'

const run = promisify(execFile)

const mega = 1024 * 1024
/** Room for call records of some days, and for a rewrite of the append-only file. */
const littleBytes = 1024 * mega
const tooLittleBytes = 200 * mega

export function nodeVersion(version: string): Finding {
  const { good, wrong } = findingsAbout('node')
  const [major = 0, minor = 0] = version.split('.').map(Number)
  if (major > 20 || (major === 20 && minor >= 19)) return good(`Node ${version}`)
  return wrong(`Node ${version} is too old`, 'install Node 20.19 or later: https://nodejs.org')
}

/** Whether the node can write its files, and has room for them. */
export async function dataFolder({ data }: Config): Promise<Finding> {
  const { good, mind, wrong } = findingsAbout('data')
  const folder = existing(data)
  try {
    await access(folder, constants.W_OK)
  } catch (fault) {
    return wrong(
      `${folder} cannot be written (${messageOf(fault)})`,
      'make the user that runs hotdesk its owner, or set `data` to another folder',
    )
  }
  const { bavail, bsize } = await statfs(folder)
  const free = bavail * bsize
  const says = `${data}, ${free > 10_240 * mega ? `${Math.round(free / mega / 1024)} GB` : `${Math.round(free / mega)} MB`} free`
  if (free < tooLittleBytes) return wrong(says, 'free some space: Redis and the call records write there')
  return free < littleBytes ? mind(says, 'free some space') : good(says)
}

function existing(folder: string): string {
  return existsSync(folder) ? folder : existing(dirname(folder))
}

/** Whether the generated secret, which opens every phone's password, is private. */
export function keptSecret({ data }: Config): Finding[] {
  const { good, wrong } = findingsAbout('secret')
  const file = generatedSecretFile(data)
  if (!existsSync(file)) return []
  const others = statSync(file).mode & 0o077
  return [others === 0 ? good(`${file} is readable only by its owner`) : wrong(`${file} can be read by others`, `chmod 600 ${file}`)]
}

/** For `redis: embedded`. */
export async function redisProgram({ redis }: Config): Promise<Finding[]> {
  const { good, wrong } = findingsAbout('redis-server')
  if (redis.kind !== 'embedded') return []
  const todo = 'install redis-server 7 or later (Debian: apt-get install redis-server), or name a Redis with `redis`'
  try {
    const version = / v=(\S+)/.exec((await run('redis-server', ['--version'])).stdout)?.[1] ?? ''
    return [Number(version.split('.')[0]) >= 7 ? good(version) : wrong(`version ${version} has no functions`, todo)]
  } catch {
    return [wrong('is not on the PATH', todo)]
  }
}
