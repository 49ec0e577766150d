import { describe, expect, test } from 'vitest'
import type { DeviceId } from '../../../src/base/identity.js'
import { Secret } from '../../../src/base/secret.js'
import { createPhoneTokens } from '../../../src/directory/directory.js'
import { mac, type ProvisioningStage, useProvisioningStages, yealink } from '../../support/node/provisioning-stage.js'
import { keyOf } from '../../support/redis/redis-store.js'

const stage = useProvisioningStages()

async function openWindow({ store }: ProvisioningStage, fields: Readonly<Record<string, string>> = {}): Promise<void> {
  const until = String(Math.floor(store.clock.now() / 1_000) + 600)
  await store.putFields('enrol:paris', { until, limit: '2', ...fields })
  await keyOf(store, 'enrol:paris', (record) => record?.get('until') === (fields.until ?? until))
}

describe('an open window', () => {
  test('makes a new phone a device with a name, a password and a token, once', async () => {
    const opened = await stage()
    const { fetch, store } = opened
    await openWindow(opened, { location: 'Paris, 3rd floor' })
    const first = await fetch(`/p/${mac}.cfg`)
    expect(first.status).toBe(200)
    expect(first.body).toContain('account.1.user_name = HD0002')
    await keyOf(
      store,
      'device:HD0002',
      (record) => record?.get('mac') === mac && record.get('hotdesk') === 'yes' && record.has('credential'),
    )
    const again = await fetch(`/p/${mac}.cfg`)
    expect([again.status, /account\.1\.password = .*/.exec(again.body)?.[0]]).toEqual([401, undefined])
    const folder = /http:\/\/phones\.example(\/p\/HD0002\.[\w-]{22}\/)/.exec(first.body)?.[1]
    expect((await fetch(`${folder}${mac}.cfg`)).status).toBe(200)
  })

  test('without a location makes a phone at which nobody can log in', async () => {
    const opened = await stage()
    await openWindow(opened)
    expect((await opened.fetch(`/p/${mac}.cfg`)).status).toBe(200)
    await keyOf(opened.store, 'device:HD0002', (record) => record?.get('hotdesk') === 'no')
  })

  test('lets a phone in whose address is in a record, but not one that has had its token, even if that is revoked', async () => {
    const opened = await stage()
    const { store, fetch } = opened
    await store.putFields('device:HD0001', { mac })
    await keyOf(store, 'device:HD0001', (record) => record?.get('mac') === mac)
    await openWindow(opened)
    expect((await fetch(`/p/${mac}.cfg`)).body).toContain('HD0001')
    await keyOf(store, 'phone:HD0001', (record) => record?.has('fetched') === true && record.has('salt'))
    expect((await fetch(`/p/${mac}.cfg`)).status).toBe(401)
    await store.writeAll([{ key: 'phone:HD0001', fields: { salt: null } }])
    await keyOf(store, 'phone:HD0001', (record) => record?.has('salt') === false)
    expect((await fetch(`/p/${mac}.cfg`)).status).toBe(401)
  })

  test('ends at its time, and after its number of phones', async () => {
    const opened = await stage()
    const { fetch } = opened
    await openWindow(opened)
    for (const last of ['01', '02', '03']) {
      const asked = `00156500ff${last}`
      const { status } = await fetch(`/p/${asked}.cfg`, { agent: yealink.replace('00:15:65:1a:2b:3c', asked) })
      expect([last, status]).toEqual([last, last === '03' ? 401 : 200])
    }
    await openWindow(opened, { until: '1', limit: '9' })
    expect((await fetch('/p/00156500ff04.cfg')).status).toBe(401)
  })

  test('counts phones that ask at the same moment, and a phone that asks for two files is one phone', async () => {
    const opened = await stage()
    await openWindow(opened)
    const addresses = ['00156500ff01', '00156500ff01', '00156500ff02', '00156500ff03', '00156500ff04', '00156500ff05']
    const answers = await Promise.all(addresses.map((asked) => opened.fetch(`/p/${asked}.cfg`, { agent: 'Yealink SIP-T54W 96.86.0.20' })))
    const names = new Set(answers.flatMap(({ body }) => /user_name = (HD[0-9]{4})/.exec(body)?.[1] ?? []))
    expect([...names].toSorted()).toEqual(['HD0002', 'HD0003'])
    expect(opened.bench.directory.devices().map(({ id }) => id)).not.toContain('HD0004')
  })

  test('of another site lets nobody in', async () => {
    const opened = await stage()
    await opened.store.putFields('enrol:london', { until: '99999999999', limit: '9' })
    await keyOf(opened.store, 'enrol:london', (record) => record !== undefined)
    expect((await opened.fetch(`/p/${mac}.cfg`)).status).toBe(401)
  })
})

describe('an activation code', () => {
  const code = (salt: string): string =>
    createPhoneTokens(new Secret('the secret of the network'), 'hd')
      .code('HD0001' as DeviceId, salt)
      .reveal()

  test('typed at the phone gives it the device, its MAC address goes into the record, and it is over with the first use of the token', async () => {
    const { fetchAs, fetch, store } = await stage()
    const codeUntil = String(Math.floor(store.clock.now() / 1_000) + 600)
    await store.putFields('phone:HD0001', { codeSalt: 'salt', codeUntil })
    await keyOf(store, 'phone:HD0001', (record) => record?.get('codeSalt') === 'salt')
    expect(code('salt')).toMatch(/^[0-9]{10}$/)
    const { status, body } = await fetchAs('HD0001', code('salt'), `/p/${mac}.cfg`)
    expect(status).toBe(200)
    await keyOf(store, 'device:HD0001', (record) => record?.get('mac') === mac)
    const folder = /http:\/\/phones\.example(\/p\/HD0001\.[\w-]{22}\/)/.exec(body)?.[1]
    await keyOf(store, 'phone:HD0001', (record) => record?.has('salt') === true)
    expect((await fetch(`${folder}${mac}.cfg`)).status).toBe(200)
    await keyOf(store, 'phone:HD0001', (record) => record?.has('codeSalt') === false)
    expect((await fetchAs('HD0001', code('salt'), `/p/${mac}.cfg`)).status).toBe(403)
  })

  test('is not valid after its time, nor for another phone', async () => {
    const { fetchAs, store } = await stage()
    await store.putFields('phone:HD0001', { codeSalt: 'salt', codeUntil: '1700000000' })
    await keyOf(store, 'phone:HD0001', (record) => record?.get('codeSalt') === 'salt')
    expect((await fetchAs('HD0001', code('salt'), `/p/${mac}.cfg`)).status).toBe(403)
  })
})
