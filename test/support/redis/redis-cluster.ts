import { mkdir, mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pause, systemClock } from '../../../src/base/clock.js'
import type { RedisTarget } from '../../../src/config/config.js'
import { freePort } from '../net/free-port.js'
import { removeFolder } from '../process/remove-folder.js'
import { launchRedis, type RedisProcess } from './redis-process.js'

/** Three primaries with a third of the slots each, and a replica of each, on loopback. */
export interface TestCluster {
  readonly directory: string
  readonly place: RedisTarget
  /** The primary that owns the slot of this tag now. */
  ownerOf(tag: string): Promise<RedisProcess>
  /** Its replica. */
  replicaOf(server: RedisProcess): Promise<RedisProcess>
  readonly servers: readonly RedisProcess[]
  close(): Promise<void>
}

const slots = 16_384

export async function startTestCluster(): Promise<TestCluster> {
  const directory = await mkdtemp(join(tmpdir(), 'hotdesk-cluster-'))
  const servers = await Promise.all(Array.from({ length: 6 }, () => launch(directory)))
  await acquaint(servers)
  const [alive = servers[0] as RedisProcess] = servers
  const speaker = (): RedisProcess => servers.find((server) => !server.isGone()) ?? alive

  return {
    directory,
    servers,
    place: { kind: 'cluster', servers: servers.slice(0, 2).map(({ port }) => ({ host: '127.0.0.1', port })) },
    async ownerOf(tag) {
      const slot = Number(await speaker().cli('CLUSTER', 'KEYSLOT', tag))
      return owner(servers, await speaker().cli('CLUSTER', 'NODES'), slot)
    },
    async replicaOf(server) {
      const id = await server.cli('CLUSTER', 'MYID')
      const lines = (await server.cli('CLUSTER', 'NODES')).split('\n')
      return serverIn(servers, lines.find((line) => line.includes('slave') && line.includes(` ${id} `)) ?? '')
    },
    async close() {
      for (const server of servers) await server.kill()
      await removeFolder(directory)
    },
  }
}

async function launch(directory: string): Promise<RedisProcess> {
  const [port, bus] = [await freePort(), await freePort()]
  const folder = join(directory, String(port))
  await mkdir(folder)
  const cluster = ['--cluster-enabled', 'yes', '--cluster-node-timeout', '1000', '--cluster-port', String(bus)]
  const words = ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, '--save', '', '--daemonize', 'no', ...cluster]
  const server = await launchRedis({ port, words })
  buses.set(server, bus)
  return server
}

const buses = new WeakMap<RedisProcess, number>()

async function acquaint(servers: readonly RedisProcess[]): Promise<void> {
  const [first, ...others] = servers
  if (!first) return
  for (const [index, server] of servers.slice(0, 3).entries()) {
    const [from, to] = [Math.ceil((slots * index) / 3), Math.ceil((slots * (index + 1)) / 3) - 1]
    await server.cli('CLUSTER', 'ADDSLOTSRANGE', String(from), String(to))
    await server.cli('CLUSTER', 'SET-CONFIG-EPOCH', String(index + 1))
  }
  for (const other of others) await other.cli('CLUSTER', 'MEET', '127.0.0.1', String(first.port), String(buses.get(first)))
  await settled(async () => (await known(servers)).every((count) => count === servers.length))
  for (const [index, replica] of servers.slice(3).entries())
    await replica.cli('CLUSTER', 'REPLICATE', (await servers[index]?.cli('CLUSTER', 'MYID')) ?? '')
  await settled(async () => {
    const infos = await Promise.all(servers.map((server) => server.cli('CLUSTER', 'INFO')))
    const links = await Promise.all(servers.slice(3).map((server) => server.cli('INFO', 'replication')))
    return infos.every((info) => info.includes('cluster_state:ok')) && links.every((info) => info.includes('master_link_status:up'))
  })
}

function known(servers: readonly RedisProcess[]): Promise<readonly number[]> {
  return Promise.all(servers.map(async (server) => (await server.cli('CLUSTER', 'NODES')).split('\n').length))
}

async function settled(isSo: () => Promise<boolean>): Promise<void> {
  const deadline = systemClock.now() + 20_000
  while (!(await isSo())) {
    if (systemClock.now() > deadline) throw new Error('the cluster does not come about')
    await pause(systemClock, 100)
  }
}

/** `<id> 127.0.0.1:7001@17001 master - 0 1 1 connected 0-5460` */
function owner(servers: readonly RedisProcess[], nodes: string, slot: number): RedisProcess {
  const line = nodes.split('\n').find((candidate) => {
    const [, , flags = '', , , , , , ...ranges] = candidate.split(' ')
    return flags.includes('master') && !flags.includes('fail') && ranges.some((range) => covers(range, slot))
  })
  return serverIn(servers, line ?? '')
}

function covers(range: string, slot: number): boolean {
  const [from = '', to = from] = range.split('-')
  return Number(from) <= slot && slot <= Number(to)
}

function serverIn(servers: readonly RedisProcess[], line: string): RedisProcess {
  const port = Number(/:(\d+)@/.exec(line)?.[1])
  const found = servers.find((server) => server.port === port)
  if (!found) throw new Error(`no server is meant by "${line}"`)
  return found
}
