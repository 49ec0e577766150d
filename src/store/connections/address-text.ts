import type { RedisAccess } from '../../config/config.js'
import type { ReachableTarget } from './connection.js'
import { type TargetText, type Trouble, troubleOf } from './connection-errors.js'

/**
 * The user name to show. The user name of a URL without a password is not shown: it may be a misplaced password
 * (`redis://password@host`).
 */
function userOf(target: ReachableTarget): string | null {
  const access: RedisAccess | undefined = target.kind === 'socket' ? undefined : target.access
  if (access?.username) return access.username
  if (target.kind !== 'url') return null
  const { username, password } = new URL(target.url.reveal())
  return username !== '' && password !== '' ? decodeURIComponent(username) : null
}

/** The command line that connects, without the password; `--askpass` prompts for it. */
export function redisCliFor(target: ReachableTarget): string {
  const user = userOf(target)
  const name = user === null ? '' : ` --user ${/^[\w.@-]+$/.test(user) ? user : `'${user.replaceAll("'", "'\\''")}'`}`
  const asked = hasPassword(target) ? ' --askpass' : ''
  return `redis-cli ${addressFor(target)}${name}${asked}`
}

/** Why this Redis cannot be used. */
export function redisTrouble(fault: unknown, target: ReachableTarget): Trouble {
  return troubleOf(fault, targetText(target))
}

function hasPassword(target: ReachableTarget): boolean {
  if (target.kind === 'socket') return false
  return Boolean(target.access?.password) || (target.kind === 'url' && new URL(target.url.reveal()).password !== '')
}

function addressFor(target: ReachableTarget): string {
  switch (target.kind) {
    case 'socket':
      return `-s ${target.path}`
    case 'sentinel':
      return `-h <primary of ${target.name}>${target.access?.isEncrypted ? ' --tls' : ''}`
    case 'cluster':
      return `-c -h ${target.servers[0]?.host} -p ${target.servers[0]?.port}${target.access?.isEncrypted ? ' --tls' : ''}`
    case 'url': {
      const url = new URL(target.url.reveal())
      if (url.protocol === 'unix:') return `-s ${url.pathname}`
      const database = /^\/[1-9][0-9]*$/.test(url.pathname) ? ` -n ${url.pathname.slice(1)}` : ''
      return `-h ${url.hostname} -p ${url.port || '6379'}${database}${url.protocol === 'rediss:' ? ' --tls' : ''}`
    }
  }
}

/** How messages name this Redis. */
export function targetText(target: ReachableTarget): TargetText {
  return { user: userOf(target), cli: redisCliFor(target) }
}
