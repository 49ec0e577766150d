import type { Language } from '../../base/language.js'
import { breakOutOf, type Device, type Site, type User, type UserKey, worksAt } from '../../directory/directory.js'
import type { PhoneModel } from '../../phone-models/phone-models.js'
import type { KeyView, PhoneView } from './phone-view.js'
import { word } from './words.js'

interface KeyFacts {
  readonly device: Device
  readonly model: PhoneModel
  readonly user: User | null
  readonly isLoggedIn: boolean
  readonly site: Site | null
  readonly language: Language
  readonly nameOf: (extension: string) => string | null
}

/** What a key does, wherever it is. */
type Content = Pick<KeyView, 'kind' | 'value' | 'watch' | 'label' | 'works'>

const empty: Content = { kind: 'none', value: '', watch: null, label: '', works: true }

/**
 * The first key of a hot-desk phone logs in or out, and the keys of the user follow. Pressing a lamp key dials its value, so the code that it
 * dials is also the address that it watches.
 */
export function keyViews(facts: KeyFacts): Pick<PhoneView, 'keys' | 'notShown'> {
  const { device, model, user } = facts
  const first = device.hotdesk ? deskKey(facts) : []
  const own: readonly UserKey[] = user && user.keys.length > 0 ? user.keys : [lineKey]
  const places = placesOf(model, device.modules)
  const room = Math.max(0, places.length - first.length)
  const contents = [...first, ...own.slice(0, room).map((key) => contentOf(key, facts))]
  return { keys: places.map((place, position) => ({ position, ...place, ...(contents[position] ?? empty) })), notShown: own.slice(room) }
}

/** An idle phone needs a line for emergency calls. */
const lineKey: UserKey = { type: 'line', target: '', site: null, label: null }

function deskKey({ user, isLoggedIn, site, language }: KeyFacts): readonly Content[] {
  const name = user && isLoggedIn ? 'logout' : 'login'
  const code = site?.codes.named.get(name)
  return code === undefined ? [empty] : [{ kind: 'lamp', value: code, watch: code, label: word(name, language), works: true }]
}

function placesOf({ keys, perPage, second, modules }: PhoneModel, attached: number): Pick<KeyView, 'page' | 'module'>[] {
  const pages = (count: number, size: number) =>
    Array.from({ length: count }, (_, index) => ({ page: Math.floor(index / size), module: null }))
  const count = modules ? Math.min(attached, modules.count) : 0
  const onModules = Array.from({ length: count * (modules?.keys ?? 0) }, (_, index) => ({
    page: 0,
    module: Math.floor(index / (modules?.keys ?? 1)) + 1,
  }))
  const behind = second ? pages(second.keys, second.perPage) : []
  return [...pages(keys - behind.length, perPage), ...behind, ...onModules]
}

function contentOf(key: UserKey, facts: KeyFacts): Content {
  const { site, language } = facts
  const found = site && worksAt(key, site.id) ? meaningOf(key, facts) : null
  const label = key.label ?? labelOf(key, facts)
  if (found) return { ...found, label, works: true }
  return { ...empty, kind: 'text', label: `${word('notHere', language)}: ${label}`, works: false }
}

type Meaning = Pick<KeyView, 'kind' | 'value' | 'watch'>

/** Null: no code of this site does that. */
function meaningOf(key: UserKey, { site }: KeyFacts): Meaning | null {
  const { type, target } = key
  const behind = (name: string): string | null => {
    const code = site?.codes.named.get(name)
    return code === undefined ? null : `${code}${target}`
  }
  const lamp = (value: string | null): Meaning | null => (value === null ? null : { kind: 'lamp', value, watch: value })
  const speed = (value: string | null): Meaning | null => (value === null ? null : { kind: 'speed', value, watch: null })
  switch (type) {
    case 'line':
      return { kind: 'line', value: '', watch: null }
    case 'blf':
    case 'appearance':
      return lamp(target)
    case 'speed':
    case 'feature':
      return speed(target)
    case 'break-out':
      return speed(breakOutCode(key, site))
    case 'park': {
      const code = behind('park')
      return code === null ? null : { kind: 'park', value: code, watch: code }
    }
    case 'pick-up': {
      const code = behind('pick-up')
      return code === null ? null : { kind: 'pick-up', value: code, watch: null }
    }
    case 'forward':
      return lamp(behind('forward-always-toggle'))
    case 'dnd':
      return lamp(behind('do-not-disturb-toggle'))
    case 'text':
      return { kind: 'text', value: '', watch: null }
  }
}

/** A break-out to this site simply dials. */
function breakOutCode(key: UserKey, site: Site | null): string | null {
  const to = breakOutOf(key)
  if (!to || !site) return null
  if (to.site === site.id) return to.digits === '' ? null : to.digits
  const direct = site.codes.named.get(`break-out.${to.site}`)
  if (direct !== undefined) return `${direct}${to.digits}`
  const any = site.codes.named.get('break-out.any')
  return any === undefined ? null : `${any}${to.site}*${to.digits}`
}

function labelOf(key: UserKey, { language, nameOf, user }: KeyFacts): string {
  const { type, target } = key
  const behind = (name: Parameters<typeof word>[0]): string => `${word(name, language)} ${target}`.trimEnd()
  switch (type) {
    case 'line':
      return user?.extension ?? word('line', language)
    case 'blf':
    case 'appearance':
      return nameOf(target) ?? target
    case 'break-out':
      return breakOutOf(key)?.site ?? target
    case 'park':
      return behind('park')
    case 'pick-up':
      return `${word('pickUp', language)} ${nameOf(target) ?? target}`.trimEnd()
    case 'forward':
      return behind('forward')
    case 'dnd':
      return word('doNotDisturb', language)
    case 'speed':
    case 'feature':
      return target
    case 'text':
      return ''
  }
}
