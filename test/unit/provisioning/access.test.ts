import { describe, expect, test } from 'vitest'
import { keepLog } from '../../support/node/kept-log.js'
import { mac, useProvisioningStages } from '../../support/node/provisioning-stage.js'
import { createManualClock } from '../../support/process/manual-clock.js'
import { keyOf } from '../../support/redis/redis-store.js'
import { HD0001, password } from '../../support/sip/registrar-bench.js'

const stage = useProvisioningStages()

describe('a phone with a token', () => {
  test('gets its own file, with its own credentials', async () => {
    const { fetch, issue } = await stage()
    const { status, headers, body } = await fetch(`${await issue()}${mac}.cfg`)
    expect([status, headers['content-type'], headers['cache-control']]).toEqual([200, 'text/plain; charset=utf-8', 'no-store'])
    expect(body).toContain('account.1.user_name = HD0001')
    expect(body).toContain(`account.1.password = ${password}`)
  })

  test('gets 304 while nothing has changed, and the file again when somebody logs in', async () => {
    const { fetch, issue, store } = await stage()
    const path = `${await issue()}${mac}.cfg`
    const { headers } = await fetch(path)
    const etag = String(headers.etag)
    expect(await fetch(path, { headers: { 'if-none-match': `W/"x", ${etag}` } })).toMatchObject({ status: 304, body: '' })
    await store.putFields('user:100', { name: 'Anna Martin', home: 'paris' })
    await store.call('hotdesk_login', '100', HD0001)
    await keyOf(store, 'devices', (record) => record?.get(HD0001) === '100')
    const after = await fetch(path, { headers: { 'if-none-match': etag } })
    expect([after.status, after.body.includes('Anna Martin')]).toEqual([200, true])
  })

  test('gets 404 for files that no phone of its kind has here', async () => {
    const { fetch, issue } = await stage()
    const folder = await issue()
    for (const name of [
      'y000000000000.boot',
      '../../etc/passwd',
      '%2e%2e%2fhotdesk.yaml',
      `${mac}.cfg%00.txt`,
      `${mac}.cfg/`,
      '',
      'x'.repeat(900),
    ])
      expect((await fetch(`${folder}${name}`)).status, name).toBe(404)
  })

  test('is told 405 when it uploads its log', async () => {
    const { fetch, issue } = await stage()
    expect(await fetch(`${await issue()}${mac}-boot.log`, { method: 'PUT' })).toMatchObject({ status: 405 })
  })

  test('gets nothing once the token is revoked or replaced', async () => {
    const { fetch, issue, store } = await stage()
    const first = await issue()
    const second = await issue()
    expect([(await fetch(`${first}${mac}.cfg`)).status, (await fetch(`${second}${mac}.cfg`)).status]).toEqual([403, 200])
    await store.writeAll([{ key: 'phone:HD0001', fields: { salt: null } }])
    await keyOf(store, 'phone:HD0001', (record) => !record?.has('salt'))
    expect((await fetch(`${second}${mac}.cfg`)).status).toBe(403)
  })

  test('that opens only pages gets no file', async () => {
    const { fetch, issue } = await stage()
    expect((await fetch(`${await issue('pages')}${mac}.cfg`)).status).toBe(403)
  })

  test('is known after the fetch: when, what and from where', async () => {
    const { fetch, issue, store, provisioning } = await stage()
    await fetch(`${await issue()}${mac}.cfg`)
    await keyOf(
      store,
      'phone:HD0001',
      (record) => record?.get('agent')?.startsWith('Yealink') === true && record.get('from') === '127.0.0.1',
    )
    // Nobody has logged in at it yet.
    expect(provisioning.fetches.latest(HD0001)?.epoch).toBe('0')
  })
})

describe('a phone without a token', () => {
  test('proves itself by digest, with its SIP credentials, or its MAC address as the name', async () => {
    const { fetchAs, store } = await stage()
    await store.putFields('device:HD0001', { mac })
    await keyOf(store, 'device:HD0001', (record) => record?.get('mac') === mac)
    for (const name of ['HD0001', 'HD0001@hotdesk.example', mac]) {
      const { status, body } = await fetchAs(name, password, `/p/${mac}.cfg`)
      expect([name, status, body.includes('HD0001')]).toEqual([name, 200, true])
    }
  })

  test('gets a URL with a token in that file, which it uses from now on', async () => {
    const { fetchAs, fetch, store } = await stage({ url: 'http://phones.example:8081' })
    const { body } = await fetchAs('HD0001', password, `/p/${mac}.cfg`)
    const url = /http:\/\/phones\.example:8081(\/p\/HD0001\.[\w-]{22}\/)/.exec(body)
    await keyOf(store, 'phone:HD0001', (record) => record?.has('salt') === true)
    expect((await fetch(`${url?.[1]}${mac}.cfg`)).status).toBe(200)
  })

  test('gets a challenge that is the same for every MAC address, known or not', async () => {
    const { fetch, store } = await stage()
    await store.putFields('device:HD0001', { mac })
    await keyOf(store, 'device:HD0001', (record) => record?.get('mac') === mac)
    const shapes = []
    for (const each of [mac, '0015650000ff']) {
      const { status, headers, body } = await fetch(`/p/${each}.cfg`, { agent: 'Yealink SIP-T54W 96.86.0.20' })
      shapes.push([status, String(headers['www-authenticate']).replace(/nonce="[^"]*"/, ''), body])
    }
    expect(shapes[0]).toEqual(shapes[1])
    expect(shapes[0]?.[0]).toBe(401)
  })

  test('is refused with a wrong password, with credentials for another path, and with a nonce of another address', async () => {
    const { fetchAs, fetch } = await stage()
    expect((await fetchAs('HD0001', 'guess', `/p/${mac}.cfg`)).status).toBe(403)
    expect((await fetchAs('HD9999', password, `/p/${mac}.cfg`)).status).toBe(403)
    expect((await fetch(`/p/${mac}.cfg`, { headers: { authorization: 'Digest username="HD0001"' } })).status).toBe(401)
  })
})

describe('guessing', () => {
  test('of tokens is counted, logged for fail2ban, and answered later and later; a right token is not delayed', async () => {
    const clock = createManualClock(1_800_000_000_000)
    const { log, lines } = keepLog()
    const { fetch, issue, metrics } = await stage({ clock, log })
    const right = await issue()
    const guess = `/p/HD0001.${'x'.repeat(22)}/${mac}.cfg`
    for (let count = 0; count < 8; count += 1) expect((await fetch(guess)).status).toBe(403)
    const ninth = fetch(guess)
    expect((await fetch(`${right}${mac}.cfg`)).status).toBe(200)
    const outcome = await Promise.race([ninth.then(() => 'answered'), fetch(`${right}${mac}.cfg`).then(() => 'waiting')])
    expect(outcome).toBe('waiting')
    clock.advance(125)
    expect((await ninth).status).toBe(403)
    const { values } = await metrics.provisioningRefusedTotal.get()
    expect(values.find(({ labels }) => labels.reason === 'token')?.value).toBe(9)
    const refused = lines.filter((line) => line.includes('"provisioning.refused"'))
    expect(refused).toHaveLength(9)
    expect(refused[0]).toMatch(/"event":"provisioning\.refused".*"source":"127\.0\.0\.1"/)
    expect(lines.join('')).not.toContain('xxxxxxx')
  })

  test('of passwords counts together with guesses over SIP, and is not checked after ten', async () => {
    const { fetchAs, metrics } = await stage()
    for (let count = 0; count < 8; count += 1) await fetchAs('HD0001', `guess ${count}`, `/p/${mac}.cfg`)
    for (let count = 8; count < 10; count += 1) await fetchAs('HD0001', `guess ${count}`, `/p/${mac}.cfg`)
    expect((await fetchAs('HD0001', password, `/p/${mac}.cfg`)).status).toBe(403)
    const { values } = await metrics.provisioningRefusedTotal.get()
    expect(values.find(({ labels }) => labels.reason === 'held')?.value).toBe(1)
  })

  test('from outside the networks of phones gets nothing, even with a right token', async () => {
    const { fetch, issue } = await stage({ networks: ['127.0.1.0/24', '2001:db8::/32'] })
    const folder = await issue()
    expect((await fetch(`${folder}${mac}.cfg`)).status).toBe(403)
    expect((await fetch(`${folder}${mac}.cfg`, { from: '127.0.1.7' })).status).toBe(200)
  })
})
