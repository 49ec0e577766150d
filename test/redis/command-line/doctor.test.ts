import { cp, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { thisProcess } from '../../../src/base/host/process-identity.js'
import { writeRunFile } from '../../../src/base/host/run-file.js'
import type { Finding } from '../../../src/cli/doctor/finding.js'
import { createStore } from '../../../src/store/store.js'
import { type CommandLine, openCommandLine } from '../../support/node/command-line.js'
import { samplePlanText } from '../../support/node/sample-plan.js'
import { storeNeeds } from '../../support/redis/redis-store.js'

let desk: CommandLine

beforeEach(async () => {
  desk = await openCommandLine()
  await configure({ http: { listen: '127.0.0.1:0' }, sip: { domain: 'hotdesk.test', listen: ['udp://127.0.0.1:0'] } })
  await desk.redis.cli('HSET', '{hd}:node:paris-1', 'site', 'paris', 'sip', 'udp:127.0.0.1:5060', 'version', '1', 'process', thisProcess())
})
afterEach(() => desk.close())

async function configure(changes: Readonly<Record<string, unknown>>): Promise<void> {
  const file = join(desk.folder, 'hotdesk.yaml')
  const settings = JSON.parse(await readFile(file, 'utf8')) as Record<string, unknown>
  await writeFile(file, JSON.stringify({ ...settings, ...changes }))
}

async function findings(): Promise<readonly Finding[]> {
  return (await desk.json('doctor')) as Finding[]
}

const notGood = async (): Promise<string[]> =>
  (await findings()).flatMap(({ about, verdict, says }) => (verdict === 'good' ? [] : [`${verdict} ${about}: ${says}`]))

describe('hotdesk doctor', () => {
  test('finds no problem in a healthy network, and exits with 0', async () => {
    expect(await notGood()).toEqual([])
    const { code, out } = await desk.hotdesk('doctor')
    expect(code).toBe(0)
    expect(out).toMatch(/^✓ {2}redis +Redis 7\S*, primary$/m)
    expect(out).toMatch(/^✓ {2}nodes +paris-1 at paris$/m)
    expect(out).toMatch(/\nNo errors\.$/)
  })

  test('says where phones fetch their configuration, that they cannot reach it, and that new ones get in without a proof', async () => {
    const lines = async () =>
      (await findings()).flatMap(({ about, verdict, says }) => (about === 'provisioning' ? [`${verdict}: ${says}`] : []))
    expect(await lines()).toEqual(['good: phones fetch from http://127.0.0.1:0/p/, which only this machine reaches'])
    await desk.redis.cli('HSET', '{hd}:site:paris', 'codes', 'login=*77* logout=*77*5*')
    await desk.hotdesk('phone', 'enrol', '--location', 'Paris, 3rd floor')
    expect(await lines()).toEqual(['mind: phones cannot reach 127.0.0.1', 'mind: new phones of paris get in without a proof'])
    await configure({ provisioning: { url: 'https://phones.example:8443' } })
    await desk.hotdesk('phone', 'enrol', '--close')
    expect(await lines()).toEqual(['good: phones fetch from https://phones.example:8443/p/'])
  })

  test('names the problems of users and phones, with the next step', async () => {
    await desk.redis.cli('HSET', '{hd}:user:555', 'home', 'paris', 'name', 'Nobody')
    await desk.redis.cli('HSET', '{hd}:user:112', 'home', 'paris', 'pin', 'x')
    await desk.redis.cli('HSET', '{hd}:device:HD0001', 'credential', 'sealed.1.abc.abc.abc')
    await desk.redis.cli('HSET', '{hd}:device:HD0002', 'owner', '199')
    await desk.redis.cli('HSET', '{hd}:device:HD0003', 'refresh', 'stale')
    await desk.redis.cli('HSET', '{hd}:device:HD0004', 'site', 'pariss')
    const { code, out } = await desk.hotdesk('doctor')
    expect(code).toBe(1)
    for (const line of [
      /^✗ {2}records +device:HD0001 in Redis: .*sealed with another network secret/m,
      /^✗ {2}users +555: cannot be called from paris: no extension pattern of its dial plan matches$/m,
      /^✗ {2}users +112 is an emergency number of every site, and the extension of a user/m,
      /^! {2}users +555: no PIN, so no login\n {3}→ hotdesk user pin$/m,
      /^! {2}phones +HD0002: the owner does not exist/m,
      /^! {2}sites +unknown site pariss: it has no node, dial plan or record. If it is correct: hotdesk site add pariss$/m,
      /^! {2}displays +HD0003: the display did not confirm the last login/m,
    ])
      expect(out).toMatch(line)
    expect(out).toMatch(/\n3 errors, \d warnings\.$/)
  })

  test('names the command that repairs a broken record of a site', async () => {
    await desk.redis.cli('HSET', '{hd}:site:paris', 'homeLostLogout', 'soon')
    const { out } = await desk.hotdesk('doctor')
    expect(out).toMatch(/^✗ {2}records +site:paris in Redis: homeLostLogout is "soon".*\n +→ .*hotdesk site set/m)
  })

  test('names keys of the wrong type', async () => {
    await desk.redis.cli('SET', '{hd}:device:HD0099', 'oops')
    await desk.redis.cli('SET', '{hd}:events', 'oops')
    expect(await notGood()).toEqual([
      'wrong records: {hd}:device:HD0099 is not a hash and is ignored; delete or rename it',
      'wrong events: {hd}:events is not a stream',
    ])
    expect(await desk.hotdesk('events')).toMatchObject({
      code: 1,
      err: 'hotdesk: {hd}:events is not a stream (STORE_PROTOCOL)\n  → look at it, and delete or rename it',
    })
  })

  test('reports that this node is down while others run', async () => {
    await desk.redis.cli('RENAME', '{hd}:node:paris-1', '{hd}:node:london-1')
    await desk.redis.cli('HSET', '{hd}:node:london-1', 'site', 'london')
    const found = (await findings()).filter(({ about }) => about === 'nodes')
    expect(found).toEqual([
      {
        about: 'nodes',
        verdict: 'mind',
        says: 'london-1 at london; paris-1 is not up',
        todo: 'hotdesk start; if it stopped by itself, see its log',
      },
    ])
  })

  test('two nodes of one name are an error', async () => {
    await mkdir(join(desk.folder, 'data'), { recursive: true })
    const left = writeRunFile(join(desk.folder, 'data'), { node: 'paris-1', network: 'hd', http: 'http://127.0.0.1:1' })
    const named = async (): Promise<string[]> => (await notGood()).filter((line) => line.startsWith('wrong nodes'))
    expect(await named()).toEqual([])
    await desk.redis.cli('HSET', '{hd}:node:paris-1', 'process', 'another.1.2.3')
    expect(await named()).toEqual([`wrong nodes: two nodes are named paris-1: process ${thisProcess()} here, and another.1.2.3`])
    if ('remove' in left) left.remove()
  })

  test('reports that Redis would lose logins', async () => {
    await desk.redis.cli('CONFIG', 'SET', 'appendonly', 'no')
    await desk.redis.cli('CONFIG', 'SET', 'maxmemory', '1gb')
    await desk.redis.cli('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru')
    expect(await notGood()).toEqual([
      'wrong persistence: no append-only file and no snapshots: a restart of Redis loses every login and user',
      'wrong memory: a full Redis evicts keys (allkeys-lru), including users and logins',
    ])
  })

  test('reports that Redis does not respond', async () => {
    await configure({ redis: 'redis://127.0.0.1:1' })
    expect(await desk.hotdesk('doctor')).toMatchObject({
      code: 1,
      out: expect.stringMatching(
        /^✗ {2}redis +nothing listens at the address of Redis: the connection is refused \(ECONNREFUSED\)\n +→ start Redis/m,
      ) as string,
    })
  })

  test('reports a wrong configuration, a wrong dial plan, and a site without a trunk', async () => {
    const plan = join(desk.folder, 'dialplans/paris.yaml')
    await writeFile(plan, 'site: paris\nextensions: ["10X"]\n')
    expect(await notGood()).toEqual([
      expect.stringMatching(/^wrong dial plan: .*names no trunk: emergency calls cannot leave this site/),
      expect.stringMatching(/^wrong dial plan: no elin/),
    ])
    await writeFile(plan, 'site: paris\nextensions: ["10X"]\nrouts: []\n')
    expect(await notGood()).toEqual([
      expect.stringMatching(/^wrong dial plan: .*paris\.yaml: 1 problem\n.*paris\.yaml:3:1 +routs: unknown key/),
    ])
    await configure({ nod: 'x' })
    expect(await notGood()).toEqual([expect.stringMatching(/^wrong configuration: hotdesk\.yaml: 1 problem/)])
  })

  test('reports problems of the certificate', async () => {
    for (const file of ['first-certificate.pem', 'first-key.pem', 'second-key.pem'])
      await cp(new URL(`../../fixtures/tls/${file}`, import.meta.url), join(desk.folder, file))
    const listen = ['tls://127.0.0.1:0']
    await configure({ sip: { domain: 'x', listen, tls: { certificate: 'first-certificate.pem', key: 'first-key.pem' } } })
    expect((await findings()).find(({ about }) => about === 'certificate')).toMatchObject({
      verdict: 'good',
      says: expect.stringMatching(/valid for \d+ days/) as string,
    })
    await configure({ sip: { domain: 'x', listen, tls: { certificate: 'first-certificate.pem', key: 'second-key.pem' } } })
    expect(await notGood()).toEqual([expect.stringContaining('is not the key of the certificate')])
  })

  test('a sample plan is an error: its trunk is off, its address and its elin are of nobody', async () => {
    const plan = join(desk.folder, 'dialplans/paris.yaml')
    await writeFile(plan, samplePlanText('paris'))
    expect(await notGood()).toEqual([
      expect.stringMatching(/^wrong dial plan: .*enables no trunk \(paris-carrier: enabled is no\)/),
      expect.stringMatching(/^wrong dial plan: elin \+33199000000 is the sample's/),
    ])
    await writeFile(plan, samplePlanText('paris').replace(/ +enabled: no\n/, ''))
    expect(await notGood()).toEqual([
      expect.stringMatching(/^wrong dial plan: trunk paris-carrier has a sample address/),
      expect.stringMatching(/^wrong dial plan: elin/),
    ])
    expect((await desk.hotdesk('doctor')).code).toBe(1)
  })

  test('a failed emergency call is an error for a week, once a phone', async () => {
    for (const reason of ['no-trunk', 'timeout'])
      await desk.redis.cli('XADD', '{hd}:events', '*', 'event', 'emergency.failed', 'device', 'HD0001', 'reason', reason)
    expect(await notGood()).toEqual([expect.stringMatching(/^wrong emergency: the emergency call of HD0001 at 20\S+Z failed: timeout$/)])
    expect((await desk.hotdesk('doctor')).code).toBe(1)
  })

  test('no longer when a later one of that phone is answered; one of another phone does not count', async () => {
    const add = (...fields: string[]): Promise<string> => desk.redis.cli('XADD', '{hd}:events', '*', 'node', 'paris-1', ...fields)
    const failed = ['event', 'emergency.failed', 'reason', 'no-trunk']
    await desk.redis.cli('DEL', '{hd}:events')
    await add('device', 'HD0001', ...failed)
    await add(...failed)
    expect(await notGood()).toHaveLength(2)
    await add('device', 'HD0002', 'event', 'emergency.answered')
    expect(await notGood()).toEqual([expect.stringMatching(/^wrong emergency: the emergency call of HD0001 at /)])
    await add('device', 'HD0001', 'event', 'emergency.answered')
    expect(await notGood()).toEqual([])
    await add('device', 'HD0001', ...failed)
    expect(await notGood()).toHaveLength(1)
  })

  test('an emergency call that failed before the week is not', async () => {
    const old = Date.now() - 8 * 86_400_000
    await desk.redis.cli('DEL', '{hd}:events')
    await desk.redis.cli('XADD', '{hd}:events', `${old}-0`, 'event', 'emergency.failed', 'device', 'HD0001', 'reason', 'no-trunk')
    expect(await notGood()).toEqual([])
  })

  test('after FLUSHALL: names the saved copy and how to bring it back', async () => {
    const saving = await createStore(storeNeeds(desk.redis.place, join(desk.folder, 'data')))
    await saving.close()
    await desk.redis.cli('FLUSHALL')
    expect(await notGood()).toContainEqual(
      expect.stringMatching(/^wrong records: Redis has no user and no phone, and \S+copy-hd\.jsonl has 7 records of them$/),
    )
    expect((await desk.hotdesk('doctor')).code).toBe(1)
  })

  test('another secret is one error, and no phone is to get a new password for it', async () => {
    await configure({ secret: 'another secret, of no network' })
    const { code, out } = await desk.hotdesk('doctor')
    expect(code).toBe(1)
    expect(out).toMatch(/✗ {2}secret +`secret` is not the secret of this network/)
    expect(out).not.toMatch(/hotdesk device password|sealed with another/)
  })

  test('functions of another version, or none with data, are an error', async () => {
    // The store of the test would load the functions again within a second.
    await desk.store.close()
    await desk.redis.cli('FUNCTION', 'FLUSH')
    expect(await notGood()).toContainEqual(expect.stringMatching(/^wrong records: Redis does not hold the function library/))
    expect((await desk.hotdesk('doctor')).code).toBe(1)
  })
})
