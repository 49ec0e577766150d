import { describe, expect, test } from 'vitest'
import { phonesIn, statusLines } from '../../../src/cli/operator/status.js'
import type { Replica } from '../../../src/store/store.js'

function replicaOf(hashes: Record<string, Record<string, string>>): Replica {
  const maps = new Map(Object.entries(hashes).map(([key, fields]) => [key, new Map(Object.entries(fields))]))
  return {
    hash: (key) => maps.get(key),
    keysUnder: (prefix) => [...maps.keys()].filter((key) => key.startsWith(prefix)),
    onChange: () => () => undefined,
    ageMs: () => 0,
    ttlMs: () => null,
  }
}

const replica = replicaOf({
  devices: { HD0002: '100', HD0010: '101' },
  'device:HD0010': { site: 'london', state: 'draining', since: '1000', refresh: 'stale', refreshable: 'yes Yealink SIP-T54W' },
  'device:HD0002': { site: 'paris', state: 'active', since: '940', refresh: 'unconfirmed', refreshable: 'no Twinkle/1.10.2' },
  'device:HD0001': { site: 'paris', state: 'active' },
  'user:100': { name: 'Alice' },
  'reg:HD0002': { contact: 'sip:x' },
})

describe('hotdesk status', () => {
  test('shows every phone by name, and what the assignment says rather than what the phone record says', () => {
    expect(phonesIn(replica)).toEqual([
      {
        device: 'HD0001',
        site: 'paris',
        state: 'idle',
        user: null,
        name: null,
        since: null,
        registered: false,
        refresh: null,
        refreshable: null,
      },
      {
        device: 'HD0002',
        site: 'paris',
        state: 'active',
        user: '100',
        name: 'Alice',
        since: '1970-01-01T00:15:40.000Z',
        registered: true,
        refresh: 'unconfirmed',
        refreshable: false,
      },
      {
        device: 'HD0010',
        site: 'london',
        state: 'draining',
        user: '101',
        name: null,
        since: '1970-01-01T00:16:40.000Z',
        registered: false,
        refresh: 'stale',
        refreshable: true,
      },
    ])
  })

  test('is a table with straight columns', () => {
    expect(statusLines(phonesIn(replica), 1000 + 3600)).toEqual([
      'DEVICE  SITE    STATE     USER  NAME   SINCE       REGISTERED  DISPLAY',
      'HD0001  paris   idle      -     -      -           no          -',
      'HD0002  paris   active    100   Alice  1 h 01 ago  yes         not supported',
      'HD0010  london  draining  101   -      1 h 00 ago  no          stale',
    ])
  })
})
