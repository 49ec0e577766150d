import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { DeviceId, Extension, NodeName, SiteName } from '../../../src/base/identity.js'
import { Secret } from '../../../src/base/secret.js'
import { deviceChanges, parseDevice, parseNode, parseUser, userChanges } from '../../../src/directory/records.js'
import { sealWith } from '../../support/node/default-settings.js'

const seal = sealWith('of the test')
const hash = (fields: Record<string, string | null>) =>
  new Map(Object.entries(fields).filter((entry): entry is [string, string] => entry[1] !== null))

describe('a record', () => {
  it('of a user is read as it was written', () => {
    const edit = {
      name: 'Alice',
      home: 'paris',
      pinHash: 'scrypt$1$1$1$a$b',
      enabled: false,
      mayHotdesk: false,
      mayForward: false,
      doNotDisturb: true,
      secondLogin: 'allow',
      ringSeconds: 30,
      forwards: { always: '1', busy: '2', noAnswer: '3', notLoggedIn: '4', notReachable: '+5' },
      voicemail: 'sip:100@vm.example.com',
      rights: 'manager',
      outOfHoursRights: 'night',
      timeProfile: 'office',
      profile: 'power',
      language: 'de',
      keys: [
        { type: 'line', target: '', site: null, label: null },
        { type: 'appearance', target: '104', site: 'paris' as SiteName, label: 'Anna, Bob' },
      ],
    } as const
    const { value, problems } = parseUser('100' as Extension, hash(userChanges(edit)))
    expect(problems).toEqual([])
    expect(value).toEqual({ extension: '100', ...edit })
  })

  it('of a device is read as it was written, with its password unsealed', () => {
    const edit = {
      site: 'paris',
      hotdesk: true,
      elin: '+33',
      location: 'hall',
      mac: '001565aabbcc',
      model: 'T46',
      owner: '100',
      modules: 2,
    }
    const { value, problems } = parseDevice(
      'HD1' as DeviceId,
      hash(deviceChanges('HD1' as DeviceId, { ...edit, password: new Secret('x') }, seal)),
      seal,
    )
    expect(problems).toEqual([])
    expect(value).toMatchObject({ id: 'HD1', ...edit })
    expect(value?.password?.reveal()).toBe('x')
  })

  it('of a device is disabled for hot desking while it has no location', () => {
    const { value, problems } = parseDevice('HD1' as DeviceId, hash({ site: 'paris', hotdesk: 'yes' }), seal)
    expect(value?.hotdesk).toBe(false)
    expect(problems.join()).toContain('without a location')
  })

  it('never makes the parser throw, and is either valid or has its problems named', () => {
    const names = [
      'name',
      'home',
      'site',
      'sip',
      'enabled',
      'hotdesk',
      'location',
      'credential',
      'owner',
      'elin',
      'ringSeconds',
      'secondLogin',
    ]
    const hashes = fc.dictionary(
      fc.constantFrom(...names),
      fc.oneof(fc.string(), fc.constantFrom('yes', 'no', 'paris', '100', 'sealed.1.a.b.c')),
    )
    fc.assert(
      fc.property(hashes, (fields) => {
        for (const parsed of [
          parseUser('100' as Extension, hash(fields)),
          parseDevice('HD1' as DeviceId, hash(fields), seal),
          parseNode('paris-1' as NodeName, hash(fields)),
        ])
          expect(parsed.value !== null || parsed.problems.length > 0).toBe(true)
      }),
    )
  })
})

describe('a live node', () => {
  it.each([
    ['announces version 2 in this start', { boot: 'b1', passports: '2 b1' }, 2],
    ['announces nothing', { boot: 'b1' }, 1],
    ['is of an earlier version, and took over the name of a node that announced version 2', { boot: 'b2', passports: '2 b1' }, 1],
  ])('that %s gets hop tokens of the version that it understands', (_, fields, hopTokens) => {
    const record = hash({ site: 'paris', sip: 'udp:192.0.2.10:5060', ...fields })
    expect(parseNode('paris-1' as NodeName, record).value).toMatchObject({ boot: fields.boot, hopTokens })
  })

  it.each([
    ['announces break-outs in this start', { boot: 'b1', takes: 'break-out b1' }, ['break-out']],
    ['announces calls of a later version as well', { boot: 'b1', takes: 'telepathy break-out b1' }, ['break-out']],
    ['announces nothing', { boot: 'b1' }, []],
    ['is of an earlier version, and took over the name of a node that announced break-outs', { boot: 'b2', takes: 'break-out b1' }, []],
  ])('that %s gets the kinds of calls that it takes', (_, fields, takes) => {
    const record = hash({ site: 'paris', sip: 'udp:192.0.2.10:5060', ...fields })
    expect(parseNode('paris-1' as NodeName, record).value?.takes).toEqual(takes)
  })
})
