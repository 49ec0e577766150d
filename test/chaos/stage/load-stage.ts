import { execFile } from 'node:child_process'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { pause, systemClock } from '../../../src/base/clock.js'
import { silentLogger } from '../../../src/base/logger.js'
import { Secret } from '../../../src/base/secret.js'
import { createDirectory, type Directory } from '../../../src/directory/directory.js'
import type { Store } from '../../../src/store/store.js'
import { sealWith } from '../../support/node/default-settings.js'
import { type NodeHost, networkDomain, networkSecret, startTestNode, type TestNode } from '../../support/node/node.js'
import { until } from '../../support/node/node-health.js'
import { type Agent, openAgent } from '../../support/process/agent.js'
import type { TestRedis } from '../../support/redis/redis.js'
import { openTestStore } from '../../support/redis/redis-store.js'
import type { AnsweredCall, Kind, Load, PlacedCall } from '../load/judge-calls.js'

/** Nodes of several sites with phones and a carrier each, between which calls are placed at a rate. */
export interface LoadStage {
  node(name: string): TestNode
  /** Whether Redis has the heartbeat of a node. */
  knows(node: string): boolean
  /** A node that has just started takes several times as long for a call. */
  warmUp(): Promise<void>
  /** Places 50 calls a second between all parties for so long; resolves when the last has ended at its caller. */
  placeCalls(seconds: number): Promise<readonly PlacedCall[]>
  /** What the phones saw, and what living nodes and Redis still know, as soon as nothing is left, or after 60 s. */
  aftermath(): Promise<Pick<Load, 'answered' | 'left'>>
  close(): Promise<void>
}

export interface LoadStageParts {
  readonly redis: Pick<TestRedis, 'place' | 'directory' | 'cli' | 'close'>
  /** `redis` of the nodes' configuration. */
  readonly redisSettings: string | Readonly<Record<string, unknown>>
  /** Node → its site. */
  readonly layout: Readonly<Record<string, string>>
  /** Where the n-th part of a site runs: its nodes, then its phones, then its carrier. */
  host(site: string, index: number): NodeHost
}

/** Everything on this machine's loopback. */
export const loopback = (): NodeHost => ({ address: '127.0.0.1', run: (program, args) => [program, args] })

const phonesAtNode = 8
const callsPerSecond = 50
const talkMs = 2_000
/** Longer than any call can last. */
const patienceMs = 150_000
const settleMs = 60_000
const run = promisify(execFile)

interface Desk {
  readonly device: string
  readonly extension: string
  readonly site: string
  readonly node: string
}

export async function openLoadStage({ redis, redisSettings, layout, host }: LoadStageParts): Promise<LoadStage> {
  const startedAt = systemClock.now()
  const sites = [...new Set(Object.values(layout))]
  const namesAt = (site: string): readonly string[] => Object.keys(layout).filter((name) => layout[name] === site)
  const desks = desksOf(layout)
  const store = await openTestStore(redis)
  const opened: { close(): Promise<unknown> }[] = [redis, store]
  const nodes = new Map<string, TestNode>()
  const agents = new Map<string, Promise<Agent>>()
  const close = async (): Promise<void> => {
    for (const { close: end } of opened.toReversed()) await end()
  }

  /** Phones and the carrier of a site run together, those of all sites if they have one address. */
  function agentAt(site: string): Promise<Agent> {
    const [place, carrier] = [host(site, namesAt(site).length), host(site, namesAt(site).length + 1)]
    const known = agents.get(place.address)
    if (known) return known
    const script = join(import.meta.dirname, '../load/load-agent.mjs')
    const started = openAgent(place.run(process.execPath, [script, place.address, carrier.address]), patienceMs).then((agent) => {
      opened.push(agent)
      return agent
    })
    agents.set(place.address, started)
    return started
  }

  async function openSite(site: string): Promise<void> {
    const agent = await agentAt(site)
    for (const [index, name] of namesAt(site).entries()) {
      const node = await startTestNode({
        node: name,
        site,
        redis: redisSettings,
        data: join(redis.directory, name),
        host: host(site, index),
        dialplan: planOf(site, String(agent.started.carrier)),
        env: { HOTDESK_LOG_LEVEL: 'info' },
      })
      opened.push({ close: () => (node.running ? node.stop() : Promise.resolve()) })
      nodes.set(name, node)
    }
    const common = { domain: networkDomain }
    for (const number of carrierNumbers) await agent.ask('party', { ...common, name: number, password: '', role: 'carrier', node: '' })
    for (const { device, node } of desks.filter((desk) => desk.site === site)) {
      const own = { name: device, password: passwordOf(device), role: 'phones', node: nodes.get(node)?.udp ?? '' }
      await agent.ask('party', { ...common, ...own })
      const { status } = await agent.ask('register', { name: device })
      if (status !== 200) throw new Error(`${device} was not registered: ${String(status)}`)
    }
  }

  try {
    await furnish(store, desks)
    await Promise.all(sites.map(openSite))
  } catch (fault) {
    await close()
    throw fault
  }

  const random = <Item>(items: readonly Item[]): Item => items[Math.floor(Math.random() * items.length)] as Item

  /** Of ten calls one is for help, one goes outside, and one comes from there. */
  async function placeCall(turn: number): Promise<PlacedCall> {
    const [caller, callee] = [random(desks), random(desks)]
    const kind = kinds[turn % kinds.length] ?? 'internal'
    const via = random(Object.keys(layout))
    const plans = {
      internal: { by: caller.device, at: caller.node, number: callee.extension, wanted: callee.device, nodes: [caller.node, callee.node] },
      outside: { by: caller.device, at: caller.node, number: '00612345678', wanted: outsideNumber, nodes: [caller.node] },
      emergency: { by: caller.device, at: caller.node, number: '112', wanted: '112', nodes: [caller.node] },
      inbound: { by: outsideNumber, at: via, number: didOf(callee), wanted: callee.device, nodes: [via, callee.node] },
    }
    const { by, at, number, wanted, nodes: needed } = plans[kind]
    const site = layout[at] ?? ''
    const asked = { from: by, number, node: nodes.get(at)?.udp ?? '', holdMs: talkMs }
    const began = systemClock.now()
    const answer = await (await agentAt(site)).ask('call', asked)
    const seen = answer as unknown as Pick<PlacedCall, 'status' | 'reason' | 'setupMs' | 'answeredBy' | 'cutShort' | 'byeMs'>
    return {
      ...seen,
      kind,
      nodes: needed,
      words: `${by} at ${at} to ${number} at ${needed.at(-1)}, at ${Math.round((began - startedAt) / 100) / 10} s`,
      began,
      ended: systemClock.now(),
      wanted,
    }
  }

  async function placeAtRate(rate: number, seconds: number): Promise<readonly PlacedCall[]> {
    const calls: Promise<PlacedCall>[] = []
    const began = systemClock.now()
    while (calls.length < rate * seconds) {
      const due = Math.min(rate * seconds, ((systemClock.now() - began) / 1_000) * rate)
      while (calls.length < due) calls.push(placeCall(calls.length))
      await pause(systemClock, 10)
    }
    return Promise.all(calls)
  }

  async function answeredCalls(): Promise<readonly AnsweredCall[]> {
    const lists = await Promise.all([...agents.values()].map(async (one) => (await one).ask('received')))
    const nodeAt = new Map([...nodes].map(([name, { udp }]) => [udp, name]))
    const calls = lists.flatMap(({ received }) => received as readonly (Omit<AnsweredCall, 'node'> & { readonly source: string })[])
    return calls.map((call) => ({ ...call, node: nodeAt.get(call.source) ?? '' }))
  }

  async function leftNow(): Promise<readonly string[]> {
    const living = [...nodes].filter(([, node]) => node.running)
    const [first] = living
    if (!first) return ['no node is left']
    const atNodes = await activeCalls(first[1], host(layout[first[0]] ?? '', 0))
    const legs = await Promise.all(living.map(([name, node]) => legsAt(name, node, host(layout[name] ?? '', 0))))
    return [
      ...atNodes,
      ...legs.flat(),
      ...(await countedInRedis(
        redis,
        living.map(([name]) => name),
      )),
    ]
  }

  return {
    knows: (name) => store.replica.hash(`node:${name}`) !== undefined,
    node: (name) => nodes.get(name) as TestNode,
    async warmUp() {
      await placeAtRate(10, 10)
      await placeAtRate(25, 8)
    },
    placeCalls: (seconds) => placeAtRate(callsPerSecond, seconds),
    async aftermath() {
      const left = await until('no call is left', leftNow, (lines) => lines.length === 0, settleMs).catch(leftNow)
      return { left, answered: await answeredCalls() }
    },
    close,
  }
}

const kinds: readonly Kind[] = [
  'emergency',
  'internal',
  'internal',
  'outside',
  'internal',
  'internal',
  'inbound',
  'internal',
  'internal',
  'internal',
]
const outsideNumber = '+33612345678'
const carrierNumbers = ['112', outsideNumber]
const didOf = ({ extension }: Desk): string => `+3314000${extension}`
const passwordOf = (device: string): string => `Pw-of-${device}-zx81`

function desksOf(layout: LoadStageParts['layout']): readonly Desk[] {
  return Object.entries(layout).flatMap(([node, site], at) =>
    Array.from({ length: phonesAtNode }, (_, n) => {
      const number = 2_000 + 100 * at + n
      return { device: `HD${number}`, extension: String(number), site, node }
    }),
  )
}

/** Everybody is at home in Paris, wherever they sit. */
async function furnish(store: Store, desks: readonly Desk[]): Promise<void> {
  const directory: Directory = createDirectory({ store, seal: sealWith(networkSecret), log: silentLogger() })
  for (const { device, extension, site } of desks) {
    await directory.putUser(extension, { name: `User ${extension}`, home: 'paris' })
    const password = new Secret(passwordOf(device))
    await directory.putDevice(device, { site, hotdesk: true, password, elin: `+3319900${extension}`, location: 'a desk' })
    const reply = await store.call('hotdesk_login', extension, device)
    if (reply !== 'LOGGED_IN') throw new Error(`login of ${extension}: ${String(reply)}`)
  }
  directory.close()
}

function planOf(site: string, carrier: string): string {
  return JSON.stringify({
    site,
    elin: '+33199000000',
    extensions: ['2XXX'],
    outside: '0',
    emergency: { '112': '112' },
    trunks: { carrier: { uri: `sip:${carrier};transport=udp` } },
    routes: [{ match: '0Z.', strip: 1, prepend: '+33', trunks: ['carrier'] }],
    dids: { '+33140002XXX': '2XXX' },
  })
}

const program = resolve(import.meta.dirname, '../../../dist/main.js')

/** What an operator sees. */
async function activeCalls({ folder }: TestNode, place: NodeHost): Promise<readonly string[]> {
  const words = [program, '--config', join(folder, 'hotdesk.yaml'), 'calls', '--active', '--json']
  // It exits with 1 if a node is silent.
  const { stdout } = await run(...place.run(process.execPath, words)).catch((fault: { readonly stdout: string }) => fault)
  const { calls, silent } = JSON.parse(stdout) as { readonly calls: readonly unknown[]; readonly silent: readonly unknown[] }
  return [...calls.map((call) => `calls --active shows ${JSON.stringify(call)}`), ...silent.map((one) => `silent: ${JSON.stringify(one)}`)]
}

/** Dialogs that the node's SIP server keeps. Its metrics are served in its own network. */
async function legsAt(name: string, { http }: TestNode, place: NodeHost): Promise<readonly string[]> {
  const script = `process.stdout.write(await (await fetch('${http}/metrics')).text())`
  const { stdout } = await run(...place.run(process.execPath, ['--input-type=module', '-e', script]))
  const count = /^hotdesk_sip_dialogs (\d+)$/m.exec(stdout)?.[1]
  return count === '0' ? [] : [`${name} keeps ${count} dialogs`]
}

/** Calls at once that living nodes have counted there: `boot active minute calls date seconds`. */
async function countedInRedis({ cli }: Pick<TestRedis, 'cli'>, living: readonly string[]): Promise<readonly string[]> {
  const keys = (await cli('--scan', '--pattern', '{hd}:usage:*')).split('\n').filter((key) => key !== '')
  const counts = await Promise.all(
    keys.map(async (key) => {
      const values = await Promise.all(living.map((name) => cli('HGET', key, name)))
      return values.flatMap((text, at) => (/^\S+ 0 /.test(text) || text === '' ? [] : [`${key} has ${text} of ${living[at]}`]))
    }),
  )
  return counts.flat()
}
