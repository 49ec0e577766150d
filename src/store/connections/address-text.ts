import type { RedisAccess } from '../../config/config.js'
import type { ReachableTarget } from './connection.js'
import { type Trouble, type TroubledPlace, troubleOf } from './connection-errors.js'

/**
 * The user name to show. A URL with a user name alone may hold a password in the wrong place (`redis://password@host`), so that one is not
 * shown.
 */
function userOf(place: ReachableTarget): string | null {
  const access: RedisAccess | undefined = place.kind === 'socket' ? undefined : place.access
  if (access?.username) return access.username
  if (place.kind !== 'url') return null
  const { username, password } = new URL(place.url.reveal())
  return username !== '' && password !== '' ? decodeURIComponent(username) : null
}

/** How a person reaches it, without the password, which `--askpass` asks for. */
export function redisCliFor(place: ReachableTarget): string {
  const user = userOf(place)
  const name = user === null ? '' : ` --user ${/^[\w.@-]+$/.test(user) ? user : `'${user.replaceAll("'", "'\\''")}'`}`
  const asked = hasPassword(place) ? ' --askpass' : ''
  return `redis-cli ${addressFor(place)}${name}${asked}`
}

/** Tells apart why this Redis cannot be used. */
export function redisTrouble(fault: unknown, place: ReachableTarget): Trouble {
  return troubleOf(fault, wordsOf(place))
}

function hasPassword(place: ReachableTarget): boolean {
  if (place.kind === 'socket') return false
  return Boolean(place.access?.password) || (place.kind === 'url' && new URL(place.url.reveal()).password !== '')
}

function addressFor(place: ReachableTarget): string {
  switch (place.kind) {
    case 'socket':
      return `-s ${place.path}`
    case 'sentinel':
      return `-h <primary of ${place.name}>${place.access?.isEncrypted ? ' --tls' : ''}`
    case 'cluster':
      return `-c -h ${place.servers[0]?.host} -p ${place.servers[0]?.port}${place.access?.isEncrypted ? ' --tls' : ''}`
    case 'url': {
      const url = new URL(place.url.reveal())
      if (url.protocol === 'unix:') return `-s ${url.pathname}`
      const database = /^\/[1-9][0-9]*$/.test(url.pathname) ? ` -n ${url.pathname.slice(1)}` : ''
      return `-h ${url.hostname} -p ${url.port || '6379'}${database}${url.protocol === 'rediss:' ? ' --tls' : ''}`
    }
  }
}

/** What messages say of the place. */
export function wordsOf(place: ReachableTarget): TroubledPlace {
  return { user: userOf(place), cli: redisCliFor(place) }
}
