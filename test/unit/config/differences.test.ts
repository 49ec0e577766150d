import { expect, it } from 'vitest'
import { differences, parseConfig } from '../../../src/config/config.js'

const base = {
  node: 'paris-1',
  site: 'paris',
  secret: 'a secret of the tests',
  sip: { domain: 'hotdesk.test' },
  redis: 'redis://127.0.0.1:6379',
}

function configOf(changes: Readonly<Record<string, unknown>> = {}) {
  return parseConfig({
    text: JSON.stringify({ ...base, ...changes }),
    file: '/etc/hotdesk/hotdesk.yaml',
    env: {},
    cwd: '/',
    purpose: 'look',
  })
}

it('there are none between two readings of one file', () => {
  expect(differences(configOf(), configOf())).toEqual({ live: [], restart: [] })
})

it.each([
  [{ lockout: { user: { failures: 2 } } }, { live: ['lockout.user.failures'], restart: [] }],
  [{ log: { level: 'debug' } }, { live: ['log.level'], restart: [] }],
  [{ log: { form: 'pretty' } }, { live: [], restart: ['log.form'] }],
  [{ dialplan: 'other.yaml' }, { live: ['dialplan'], restart: [] }],
  [{ sip: { domain: 'hotdesk.test', listen: ['udp://127.0.0.1:5070'] } }, { live: [], restart: ['sip.listen'] }],
  [
    { registration: { maxSeconds: 1_800, defaultSeconds: 1_800, keepAliveSeconds: 30 } },
    {
      live: ['registration.maxSeconds', 'registration.defaultSeconds', 'registration.keepAliveSeconds'],
      restart: [],
    },
  ],
  [
    { emergency: { quietSeconds: 60, unprovenTotal: 9 }, retentionDays: 9, data: '/srv/hotdesk' },
    { live: ['retentionDays', 'emergency.quietSeconds', 'emergency.unprovenTotal'], restart: ['data'] },
  ],
  [{ redis: 'redis://127.0.0.1:6380' }, { live: [], restart: ['redis'] }],
] as const)('%j is taken over, or needs a restart', (changes, expected) => {
  expect(differences(configOf(), configOf(changes))).toEqual(expected)
})

it('a setting from its default to the same value written down does not count', () => {
  expect(differences(configOf(), configOf({ log: { level: 'info' } }))).toEqual({ live: [], restart: [] })
})

it('a secret is named and not shown', () => {
  const found = differences(configOf(), configOf({ secret: 'another secret of the tests' }))
  expect(found).toEqual({ live: [], restart: ['secret'] })
})
