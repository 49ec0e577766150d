import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer as createHttpServer } from 'node:http'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { thisProcess } from '../../../src/base/host/process-identity.js'
import { writeRunFile } from '../../../src/base/host/run-file.js'
import type { NodeName } from '../../../src/base/identity.js'
import { nodeVersion } from '../../../src/cli/doctor/machine.js'
import { findOwnNode, ownFindings } from '../../../src/cli/doctor/own-node.js'
import { drachtio, ports } from '../../../src/cli/doctor/ports.js'
import { findingsIn } from '../../../src/cli/doctor/redis.js'
import { prompts } from '../../../src/cli/doctor/site.js'
import { type Config, parseConfig } from '../../../src/config/config.js'
import { hotdeskLibrary } from '../../../src/hotdesk/hotdesk.js'
import type { RedisReport } from '../../../src/store/store.js'
import { temporaryFolder } from '../../support/process/temporary-folder.js'

const healthy: RedisReport = {
  version: '7.2.4',
  role: 'master',
  replicas: 1,
  aheadMs: 12,
  library: hotdeskLibrary.version,
  memory: { usedBytes: 3_000_000, limitBytes: 0, whenFull: 'noeviction' },
  persistence: { appendOnly: true, fsync: 'everysec', snapshots: true, isWriting: true },
}

const verdicts = (report: RedisReport, durability: Config['durability'] = 'local'): string[] =>
  findingsIn(report, { durability }).flatMap(({ about, verdict }) => (verdict === 'good' ? [] : [`${about} ${verdict}`]))

describe('what a Redis says of itself', () => {
  test('nothing is wrong with a healthy one', () => {
    expect(verdicts(healthy, 'replicated')).toEqual([])
  })

  const { memory, persistence } = healthy
  test.each([
    ['redis wrong', { version: '6.2.14' }],
    ['redis wrong', { role: 'slave' }],
    ['functions mind', { library: null }],
    ['functions wrong', { library: hotdeskLibrary.version - 1 }],
    ['functions wrong', { library: hotdeskLibrary.version + 1 }],
    ['clock wrong', { aheadMs: -300_000 }],
    ['persistence wrong', { persistence: { ...persistence, isWriting: false } }],
    ['persistence wrong', { persistence: { ...persistence, appendOnly: false, snapshots: false } }],
    ['persistence mind', { persistence: { ...persistence, appendOnly: false } }],
    ['persistence mind', { persistence: { ...persistence, fsync: 'no' } }],
    ['memory wrong', { memory: { ...memory, limitBytes: 10_000_000, whenFull: 'allkeys-lru' } }],
    ['memory mind', { memory: { ...memory, limitBytes: 3_100_000 } }],
    ['memory wrong', { memory: { ...memory, limitBytes: 3_000_000 } }],
    ['memory mind', { memory: { ...memory, limitBytes: 0, whenFull: 'allkeys-lru' } }],
  ] satisfies [string, Partial<RedisReport>][])('%s: %j', (found, changes) => {
    expect(verdicts({ ...healthy, ...changes })).toEqual([found])
  })

  test('a replicated network needs a replica', () => {
    expect(verdicts({ ...healthy, replicas: 0 }, 'replicated')).toEqual(['replicas wrong'])
    expect(verdicts({ ...healthy, replicas: 0 })).toEqual([])
  })

  test('what is not good comes with what to do', () => {
    for (const finding of findingsIn({ ...healthy, version: '6.0.0', aheadMs: 9_000, library: null }, { durability: 'local' }))
      if (finding.verdict !== 'good') expect(finding.todo).not.toBe('')
  })
})

test.each([
  ['20.18.9', 'wrong'],
  ['20.19.0', 'good'],
  ['24.1.0', 'good'],
])('Node %s is %s', (version, verdict) => {
  expect(nodeVersion(version).verdict).toBe(verdict)
})

const runs = { state: 'runs', process: thisProcess(), http: null } as const
const stopped = { state: 'stopped' } as const

describe('the own node is found without Redis', () => {
  const closings: (() => unknown)[] = []
  afterEach(() => {
    for (const close of closings.splice(0)) close()
  })

  async function answering(body: unknown): Promise<number> {
    const server = createHttpServer((_, response) => response.end(JSON.stringify(body))).listen(0, '127.0.0.1')
    await once(server, 'listening')
    closings.push(() => server.close())
    return (server.address() as AddressInfo).port
  }
  const config = (port = 0, data = temporaryFolder('own')) => ({
    node: 'paris-1' as NodeName,
    network: 'hd',
    http: { address: '0.0.0.0', port },
    data,
  })

  test('by its HTTP port, whatever user or container it runs in', async () => {
    const port = await answering({ status: 'alive', node: 'paris-1', network: 'hd', process: 'a.b.77.c' })
    expect(await findOwnNode(config(port))).toEqual({ state: 'runs', process: 'a.b.77.c', http: `http://127.0.0.1:${port}` })
  })

  test.each([[{ node: 'paris-2', network: 'hd' }], [{ node: 'paris-1', network: 'other' }], [{ status: 'alive' }], ['no object']])(
    'and %j is not it',
    async (body) => {
      expect(await findOwnNode(config(await answering(body)))).toEqual({ state: 'stopped' })
    },
  )

  test('by the file that it leaves, while its process lives', async () => {
    const data = temporaryFolder('own')
    const http = 'http://127.0.0.1:1'
    const left = writeRunFile(data, { node: 'paris-1', network: 'hd', http })
    expect(await findOwnNode(config(0, data))).toEqual({ state: 'runs', process: thisProcess(), http: null })
    expect(await findOwnNode({ ...config(0, data), node: 'paris-2' as NodeName })).toEqual({ state: 'stopped' })
    if ('remove' in left) left.remove()
    expect(await findOwnNode(config(0, data))).toEqual({ state: 'stopped' })
    writeFileSync(join(data, 'node.json'), JSON.stringify({ node: 'paris-1', network: 'hd', http, process: '00000000.1.1.1' }))
    expect(await findOwnNode(config(0, data))).toEqual({ state: 'unknown' })
    writeFileSync(join(data, 'node.json'), '{')
    expect(await findOwnNode(config(0, data))).toEqual({ state: 'stopped' })
  })

  test('what it reports is an error: lost trunks, a lost Redis; other warnings are not', async () => {
    const port = await answering({
      reasons: ['Redis is lost; x'],
      warnings: ['no trunk for emergency calls: line down', 'Redis is nearly full'],
    })
    const found = await ownFindings({ state: 'runs', process: 'a.b.77.c', http: `http://127.0.0.1:${port}` }, config())
    expect(found.map(({ verdict, says }) => `${verdict} ${says}`)).toEqual([
      'good paris-1 runs (process 77)',
      'wrong Redis is lost; x',
      'wrong no trunk for emergency calls: line down',
      'mind Redis is nearly full',
    ])
  })

  test('a trunk at which the node is not registered has another next step than one that is down, which a call ends', async () => {
    const port = await answering({
      reasons: [],
      warnings: [
        'trunk carrier is not registered (403 Forbidden): its calls do not arrive',
        'trunk other is down; emergency calls have the others',
      ],
    })
    const found = await ownFindings({ state: 'runs', process: 'a.b.77.c', http: `http://127.0.0.1:${port}` }, config())
    expect(found.flatMap((each) => (each.verdict === 'good' ? [] : [`${each.verdict}: ${each.todo}`]))).toEqual([
      'wrong: correct the account of the trunk in the dial plan, or call the carrier; the node keeps trying to register',
      expect.stringMatching(/^wrong: call the carrier.* a call that succeeds ends this$/),
    ])
  })

  test('a webhook whose receiver fails has another next step than one whose events do not exist', async () => {
    const port = await answering({
      reasons: [],
      warnings: [
        'webhook ops (1) has accepted no event for 70 s: ECONNREFUSED; they are posted later',
        'webhook ops (1): there is no event "lgin"',
      ],
    })
    const found = await ownFindings({ state: 'runs', process: 'a.b.77.c', http: `http://127.0.0.1:${port}` }, config())
    expect(found.flatMap((each) => (each.verdict === 'good' ? [] : [each.todo]))).toEqual([
      'see whether the receiver runs and responds 2xx at the URL of the webhook',
      expect.stringMatching(/^correct `events`/),
    ])
  })
})

test('a prompt that is missing is named once, with the reason', async () => {
  const found = await prompts(['never-recorded'])
  expect(found.map(({ says }) => says)).toEqual([
    expect.stringMatching(/^[^ ]*\/never-recorded\.wav cannot be played \(no language has it\); tones are played instead$/),
  ])
})

describe('ports', () => {
  const open: { close(): unknown }[] = []
  afterEach(() => {
    for (const each of open.splice(0)) each.close()
  })

  function configOf(settings: string): Config {
    return parseConfig({ text: `node: paris-1\nsite: paris\n${settings}`, file: '/x/hotdesk.yaml', env: {}, cwd: '/', purpose: 'look' })
  }
  const sip = (listen: string): Config => configOf(`sip: { domain: x, listen: ["${listen}"] }\nhttp: { listen: "127.0.0.1:0" }\n`)

  async function taken(): Promise<number> {
    const socket = createSocket('udp4').bind(0, '127.0.0.1')
    open.push(socket)
    await once(socket, 'listening')
    return socket.address().port
  }

  test('one that another program has is wrong, and its own node’s is not', async () => {
    const config = sip(`udp://127.0.0.1:${await taken()}`)
    expect((await ports(config, stopped))[0]).toMatchObject({
      verdict: 'wrong',
      says: expect.stringMatching(/in use by node \(process \d+\)$/) as string,
      todo: expect.not.stringMatching(/end it|kill/) as string,
    })
    expect((await ports(config, runs))[0]).toMatchObject({ verdict: 'good' })
  })

  test('a free one is good, unless the node should have it', async () => {
    const port = await taken()
    for (const each of open.splice(0)) each.close()
    const config = sip(`udp://127.0.0.1:${port}`)
    await expect.poll(async () => (await ports(config, stopped))[0]?.verdict).toBe('good')
    expect((await ports(config, runs))[0]).toMatchObject({
      verdict: 'wrong',
      todo: expect.stringContaining('restart the node') as string,
    })
  })

  test('an address of another machine is wrong', async () => {
    expect((await ports(sip('tcp://203.0.113.9:5060'), stopped))[0]).toMatchObject({
      verdict: 'wrong',
      says: expect.stringContaining('EADDRNOTAVAIL') as string,
    })
  })

  test('a drachtio-server is looked for where it should be', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const config = configOf(`sip: { domain: x }\ndrachtio: { url: "tcp://127.0.0.1:${port}", secret: cymru }\n`)
    expect(await drachtio(config)).toMatchObject([{ verdict: 'good' }])
    server.close()
    await once(server, 'close')
    expect(await drachtio(config)).toMatchObject([{ verdict: 'wrong', says: expect.stringContaining('ECONNREFUSED') as string }])
  })
})
