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
  /** A phone with that number outside, which the trunk of that site reaches and which calls through it. */
  outside(site: DemoSite, number: string): Phone
  /** `paris-1 127.0.0.1:5060`, … */
  readonly nodes: readonly string[]
  close(): Promise<void>
}

export type DemoDevice = (typeof samples.devices)[number]['id']

const sites = ['paris', 'london'] as const
type DemoSite = (typeof sites)[number]

const domain = 'demo.hotdesk.example'
const siteOf = (device: DemoDevice): DemoSite => (device === 'HD0001' || device === 'HD0002' ? 'paris' : 'london')

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
  const carriers = { paris: await openSoftphones(clock, lifecycle), london: await openSoftphones(clock, lifecycle) }
  const needs = { folder, secret, lifecycle, trunks: { paris: carriers.paris.address, london: carriers.london.address } }
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
    outside: (site, number) => carriers[site].phone({ device: number, password: new Secret(''), node: addresses[site], domain }),
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
  /** Addresses at which the trunks end. */
  readonly trunks: Readonly<Record<DemoSite, string>>
}

/** Starts a node in its own process, as an operator does; returns its SIP address. */
async function startNode(site: DemoSite, redis: string, { folder, secret, lifecycle, trunks }: NodeNeeds): Promise<string> {
  const file = join(folder, `${site}.json`)
  const dialplan = join(folder, `${site}.dialplan.json`)
  await mkdir(join(folder, site), { recursive: true })
  await writeFile(dialplan, JSON.stringify(planOf(site, trunks[site])))
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

const numbersOf = {
  paris: { elin: '+33140000199', country: '+33', direct: '+3314000010X' },
  london: { elin: '+442079460199', country: '+44', direct: '+44207946010X' },
} as const

function planOf(site: DemoSite, address: string) {
  const { elin, country, direct } = numbersOf[site]
  const trunk = `${site}-trunk`
  return {
    site,
    elin,
    extensions: ['10X'],
    outside: '0',
    emergency: { '112': '112' },
    trunks: { [trunk]: { uri: `sip:${address};transport=udp` } },
    routes: [{ match: '0Z.', strip: 1, prepend: country, trunks: [trunk] }],
    shortCodes: { '*68*.': { breakOut: 'any' } },
    dids: { [direct]: '10X' },
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
