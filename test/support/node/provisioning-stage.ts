import { request } from 'node:http'
import { afterEach, beforeEach } from 'vitest'
import type { Clock } from '../../../src/base/clock.js'
import type { NodeName, SiteName } from '../../../src/base/identity.js'
import { type Logger, silentLogger } from '../../../src/base/logger.js'
import { createMetrics, type Metrics } from '../../../src/base/metrics.js'
import { Secret } from '../../../src/base/secret.js'
import { createContacts, createPhoneTokens, newSalt, type TokenScope } from '../../../src/directory/directory.js'
import { createHttpServer, type HttpServer } from '../../../src/http/http.js'
import { createProvisioning, type Provisioning } from '../../../src/provisioning/provisioning.js'
import { answerChallenge, parseChallenge, printCredentials } from '../../../src/sip/auth/digest.js'
import type { Store } from '../../../src/store/store.js'
import { keyOf } from '../redis/redis-store.js'
import { useSeededStore } from '../redis/seeded-store.js'
import { type Bench, createBench, HD0001, realm } from '../sip/registrar-bench.js'
import { livePlan } from './live-plan.js'
import { samplePlan } from './sample-plan.js'

export interface Fetched {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: string
}

export interface Asking {
  readonly agent?: string
  readonly from?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly method?: string
}

/** A node as far as its phones fetch configurations, on loopback. */
export interface ProvisioningStage {
  readonly store: Store
  readonly bench: Bench
  readonly provisioning: Provisioning
  readonly metrics: Metrics
  readonly port: number
  fetch(path: string, asking?: Asking): Promise<Fetched>
  /** The same, and answers a challenge. */
  fetchAs(username: string, password: string, path: string, asking?: Asking): Promise<Fetched>
  /** Gives HD0001 a token; answers the path of its folder. */
  issue(scope?: TokenScope): Promise<string>
}

export const yealink = 'Yealink SIP-T54W 96.86.0.20 00:15:65:1a:2b:3c'
export const mac = '0015651a2b3c'
const secret = new Secret('the secret of the network')
const site = 'paris' as SiteName
const network = 'hd'

export interface StageParts {
  readonly clock?: Clock
  readonly networks?: readonly string[]
  readonly log?: Logger
  readonly url?: string
}

const open: { close(): void | Promise<void> }[] = []

/** One Redis for the file, emptied for each test. */
export function useProvisioningStages(): (parts?: StageParts) => Promise<ProvisioningStage> {
  const seeded = useSeededStore()
  beforeEach(() => seeded.redis.cli('HSET', '{hd}:site:paris', 'name', 'Paris').then(() => undefined))
  afterEach(async () => {
    for (const each of open.splice(0).reverse()) await each.close()
  })
  return (parts = {}) => openStage(seeded.store, parts)
}

async function openStage(
  store: Store,
  { clock, networks = ['127.0.0.0/8'], log = silentLogger(), url }: StageParts,
): Promise<ProvisioningStage> {
  await keyOf(store, 'site:paris', (record) => record !== undefined)
  const metrics = createMetrics()
  const bench = createBench(store, { node: 'paris-1' as NodeName, metrics })
  open.push(bench)
  const contacts = createContacts({ store, log, operator: null })
  open.push(contacts)
  const provisioning = createProvisioning({
    parts: {
      store,
      directory: bench.directory,
      registrar: bench.registrar,
      contacts,
      plan: livePlan(samplePlan('paris')),
      hotdesk: { userOn: (device) => (store.replica.hash('devices')?.get(device) ?? null) as never },
    },
    line: { domain: realm, expiresSeconds: 3_600, servers: [] },
    templatesFolder: null,
    secret,
    site,
    network,
    realm,
    algorithms: ['SHA-256', 'MD5'],
    url: url ?? 'http://phones.example',
    networks,
    clock: clock ?? store.clock,
    log,
    metrics,
  })
  open.push(provisioning)
  const server: HttpServer = createHttpServer({ address: '127.0.0.1', port: 0, tls: null, limits: { total: 2_000, perSource: 500 }, log })
  provisioning.addRoutes(server.router)
  const port = Number(new URL(await server.open()).port)
  open.push(server)

  const fetchOne: ProvisioningStage['fetch'] = (path, { agent = yealink, from = '127.0.0.1', headers = {}, method = 'GET' } = {}) =>
    new Promise((resolve, reject) => {
      const sent = request(
        { host: '127.0.0.1', port, path, method, localAddress: from, agent: false, headers: { 'user-agent': agent, ...headers } },
        (response) => {
          let body = ''
          response.setEncoding('utf8').on('data', (piece: string) => {
            body += piece
          })
          response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }))
        },
      )
      sent.on('error', reject).end()
    })

  return {
    store,
    bench,
    provisioning,
    metrics,
    port,
    fetch: fetchOne,
    async fetchAs(username, password, path, asking) {
      const { headers } = await fetchOne(path, asking)
      const challenge = parseChallenge(String(headers['www-authenticate']))
      if (!challenge) throw new Error('there is no challenge')
      const needs = { username, password: new Secret(password), method: 'GET', uri: path, body: Buffer.alloc(0), cnonce: 'c', count: 1 }
      const Authorization = printCredentials(answerChallenge(challenge, needs))
      return fetchOne(path, { ...asking, headers: { ...asking?.headers, Authorization } })
    },
    async issue(scope = 'phone') {
      const salt = newSalt()
      await store.putFields(`phone:${HD0001}`, { salt })
      await keyOf(store, `phone:${HD0001}`, (record) => record?.get('salt') === salt)
      return `/p/${createPhoneTokens(secret, network).print({ device: HD0001, scope }, salt).reveal()}/`
    },
  }
}
