// The node that is measured, and the network it serves.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { pathToFileURL } from 'node:url'
import { address } from './sipp.mjs'

const dist = path.join(import.meta.dirname, '../../../dist')
const from = (name) => import(pathToFileURL(path.join(dist, name)).href)

/** A node with one trunk, two users and two phones, in a process of its own. */
export async function startNode(trunkPort, words = []) {
  const folder = await mkdtemp(path.join(tmpdir(), 'hotdesk-bench-'))
  const dialplan = {
    site: 'bench',
    extensions: ['10X'],
    trunks: { carrier: { uri: `sip:${address}:${trunkPort}`, from: [address] } },
    dids: { '+331400010X': '10X' },
  }
  const settings = {
    node: 'bench-1',
    site: 'bench',
    secret: 'a secret for measuring only',
    sip: { domain: 'hotdesk.example', listen: [`udp://${address}:0`, `tcp://${address}:0`] },
    http: { listen: `${address}:0` },
    media: { address },
    data: path.join(folder, 'data'),
    dialplan: path.join(folder, 'bench.yaml'),
    log: { level: 'info', form: 'json' },
  }
  await writeFile(settings.dialplan, JSON.stringify(dialplan))
  await writeFile(path.join(folder, 'hotdesk.yaml'), JSON.stringify(settings))
  const child = spawn(process.execPath, [...words, path.join(dist, 'main.js'), '--config', path.join(folder, 'hotdesk.yaml'), 'start'])
  child.stderr.pipe(process.stderr)
  for await (const line of createInterface({ input: child.stdout })) {
    if (!line.includes('"event":"node.started"')) continue
    const { sip, http } = JSON.parse(line)
    child.stdout.resume()
    const at = (protocol) => sip.find((place) => place.startsWith(`${protocol}/`)).slice(protocol.length + 1)
    return { child, folder, sip: at('udp'), tcp: at('tcp'), http }
  }
  throw new Error('the node did not start')
}

/** Fills the network as an installer does; answers a store of its own on it. */
export async function furnish({ folder }) {
  const { createStore, embeddedSocket } = await from('store/store.js')
  const { createDirectory } = await from('directory/directory.js')
  const { hashPin, hotdeskLibrary } = await from('hotdesk/hotdesk.js')
  const { createSeal } = await from('base/seal.js')
  const { Secret } = await from('base/secret.js')
  const { silentLogger } = await from('base/logger.js')
  const { createMetrics } = await from('base/metrics.js')
  const { systemClock } = await from('base/clock.js')
  const { defaultSettings } = await from('config/schema/schema.js')
  const { network, redis } = defaultSettings()
  const policy = { loading: redis.functions, durability: redis.durability }
  const target = { kind: 'url', url: new Secret(`unix://${embeddedSocket(path.join(folder, 'data'))}`) }
  const common = { clock: systemClock, log: silentLogger(), metrics: createMetrics() }
  const store = await createStore({
    redis: target,
    network,
    data: path.join(folder, 'bench'),
    functions: hotdeskLibrary,
    ...policy,
    ...common,
  })
  const directory = createDirectory({
    store,
    seal: createSeal(new Secret('a secret for measuring only'), store.network),
    log: silentLogger(),
  })
  for (const extension of ['100', '101'])
    await directory.putUser(extension, { name: `User ${extension}`, home: 'bench', pinHash: await hashPin(new Secret('4711')) })
  for (const id of ['HD0001', 'HD0002', 'HD0003']) {
    await directory.putDevice(id, { site: 'bench', hotdesk: true, password: new Secret('bench'), elin: '+33199000001', location: 'here' })
  }
  return { store, directory, from, Secret, systemClock, silentLogger, close: () => store.close() }
}

export async function stopNode({ child, folder }) {
  child.kill('SIGTERM')
  await once(child, 'exit')
  await rm(folder, { recursive: true, force: true })
}
