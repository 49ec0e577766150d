import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { type Clock, systemClock } from '../../base/clock.js'
import { createLifecycle, type Lifecycle } from '../../base/lifecycle.js'
import { silentLogger } from '../../base/logger.js'
import { createMetrics } from '../../base/metrics.js'
import { createSeal } from '../../base/seal.js'
import { Secret } from '../../base/secret.js'
import { environmentWithoutSettings } from '../../config/environment.js'
import { defaultSettings } from '../../config/schema/schema.js'
import { createDirectory, type Directory, samples } from '../../directory/directory.js'
import { hashPin, hotdeskLibrary } from '../../hotdesk/hotdesk.js'
import { createSoftphones, type Phone, type Softphones } from '../../softphones/softphones.js'
import { createStore, embeddedSocket, type Store } from '../../store/store.js'

/** Two nodes with an embedded Redis, and phones. Everything in it is real, and gone afterwards. */
export interface DemoNetwork {
  readonly clock: Clock
  readonly store: Store
  /** Registered at the node of its site by the first step. */
  phone(device: DemoDevice): Phone
  /** The far end of both sites' trunks. */
  readonly emergencyCentre: Phone
  /** `paris-1 127.0.0.1:5060`, … */
  readonly nodes: readonly string[]
  close(): Promise<void>
}

export type DemoDevice = (typeof samples.devices)[number]['id']

const domain = 'demo.hotdesk.example'
const sites = ['paris', 'london'] as const
const siteOf = (device: DemoDevice): (typeof sites)[number] => (device === 'HD0001' || device === 'HD0002' ? 'paris' : 'london')

export async function openDemoNetwork(): Promise<DemoNetwork> {
  const clock = systemClock
  const folder = await mkdtemp(join(tmpdir(), 'hotdesk-demo-'))
  const lifecycle = createLifecycle({ clock, deadlineMs: 5_000, onFault: () => undefined })
  lifecycle.opened(folder, 'folder', (path) => rm(path, { recursive: true, force: true }))
  try {
    return await build(clock, folder, lifecycle)
  } catch (fault) {
    await lifecycle.close()
    throw fault
  }
}

async function build(clock: Clock, folder: string, lifecycle: Lifecycle): Promise<DemoNetwork> {
  const secret = new Secret(randomBytes(24).toString('hex'))
  const carrier = await openSoftphones(clock, lifecycle)
  const needs = { folder, secret, lifecycle, carrier: carrier.address }
  const paris = await startNode('paris', 'embedded', needs)
  const socket = embeddedSocket(join(folder, 'paris'))
  const store = await openStore(socket, clock, folder, lifecycle)
  await addSamples(createDirectory({ store, seal: createSeal(secret, store.network), log: silentLogger() }))
  const london = await startNode('london', `unix://${socket}`, needs)
  const softphones = await openSoftphones(clock, lifecycle)
  const addresses = { paris, london }
  const phones = new Map<DemoDevice, Phone>()
  for (const { id, password } of samples.devices) {
    phones.set(id, softphones.phone({ device: id, password: new Secret(password), node: addresses[siteOf(id)], domain }))
  }
  return {
    clock,
    store,
    phone: (device) => phones.get(device) ?? fail(device),
    emergencyCentre: carrier.phone({ device: '112', password: new Secret(''), node: paris, domain }),
    nodes: sites.map((site) => `${site}-1 at ${addresses[site]}`),
    close: lifecycle.close,
  }
}

function fail(device: string): never {
  throw new Error(`the demo has no phone ${device}`)
}

async function openSoftphones(clock: Clock, lifecycle: Lifecycle): Promise<Softphones> {
  return lifecycle.opened(await createSoftphones({ clock, log: silentLogger() }), 'phones', (softphones) => softphones.close())
}

async function openStore(socket: string, clock: Clock, folder: string, lifecycle: Lifecycle): Promise<Store> {
  const redis = { kind: 'url', url: new Secret(`unix://${socket}`) } as const
  const {
    network,
    redis: { durability, functions: loading },
  } = defaultSettings()
  const needs = {
    network,
    durability,
    loading,
    data: join(folder, 'demo'),
    functions: hotdeskLibrary,
    clock,
    log: silentLogger(),
    metrics: createMetrics(),
  }
  return lifecycle.opened(await createStore({ redis, ...needs }), 'store', (store) => store.close())
}

async function addSamples(directory: Directory): Promise<void> {
  for (const { extension, name, pin, home } of samples.users) {
    await directory.putUser(extension, { name, home, pinHash: await hashPin(new Secret(pin)) })
  }
  for (const { id, password, elin, location } of samples.devices) {
    await directory.putDevice(id, { site: siteOf(id), hotdesk: true, password: new Secret(password), elin, location })
  }
  directory.close()
}

interface NodeNeeds {
  readonly folder: string
  readonly secret: Secret
  readonly lifecycle: Lifecycle
  /** Address at which the trunks end. */
  readonly carrier: string
}

/** Starts a node in its own process, as an operator does; returns its SIP address. */
async function startNode(site: (typeof sites)[number], redis: string, { folder, secret, lifecycle, carrier }: NodeNeeds): Promise<string> {
  const file = join(folder, `${site}.json`)
  const dialplan = join(folder, `${site}.dialplan.json`)
  await mkdir(join(folder, site), { recursive: true })
  await writeFile(dialplan, JSON.stringify(planOf(site, carrier)))
  await writeFile(file, JSON.stringify({ ...settingsOf(site, redis, folder), dialplan, secret: secret.reveal() }), { mode: 0o600 })
  const main = fileURLToPath(new URL('../../main.js', import.meta.url))
  const node = spawn(process.execPath, [main, 'start', '--config', file], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: environmentWithoutSettings(),
  })
  const ended = new Promise<void>((resolve) => node.once('exit', () => resolve()))
  lifecycle.opened(node, site, async (child) => {
    child.kill('SIGTERM')
    await ended
  })
  return listeningAt(node, ended)
}

function settingsOf(site: string, redis: string, folder: string) {
  return {
    node: `${site}-1`,
    site,
    redis,
    sip: { domain, listen: ['udp://127.0.0.1:0', 'tcp://127.0.0.1:0'] },
    http: { listen: '127.0.0.1:0' },
    media: { address: '127.0.0.1', ports: '20000-39999' },
    data: join(folder, site),
    log: { level: 'info', form: 'json' },
  }
}

function planOf(site: string, carrier: string) {
  return {
    site,
    elin: site === 'paris' ? '+33140000199' : '+442079460199',
    extensions: ['10X'],
    outside: '0',
    emergency: { '112': '112' },
    trunks: { carrier: { uri: `sip:${carrier};transport=udp`, from: ['127.0.0.1'] } },
    routes: [{ match: '0X.', strip: 1, trunks: ['carrier'] }],
  }
}

async function listeningAt(node: ChildProcess, ended: Promise<void>): Promise<string> {
  const started = new Promise<string>((resolve) => {
    if (!node.stdout) return
    createInterface({ input: node.stdout }).on('line', (line) => {
      const address = line.includes('"event":"node.started"') ? /"udp\/([0-9.:]{1,50})"/.exec(line)?.[1] : undefined
      if (address) resolve(address)
    })
  })
  const address = await Promise.race([started, ended])
  if (!address) throw new Error('a node of the demo ended at its start; its log is above')
  return address
}
