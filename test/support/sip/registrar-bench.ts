import { registrarSettings } from '../../../src/app/part-settings.js'
import type { DeviceId, NodeName } from '../../../src/base/identity.js'
import { silentLogger } from '../../../src/base/logger.js'
import { createMetrics } from '../../../src/base/metrics.js'
import { Secret } from '../../../src/base/secret.js'
import { createDirectory, type Directory } from '../../../src/directory/directory.js'
import { createRegistrar, type Registrar, type RegistrarNeeds } from '../../../src/registrar/registrar.js'
import { answerChallenge, type Challenge, parseChallenge, printCredentials } from '../../../src/sip/auth/digest.js'
import type { IncomingRequest, ResponseParts, SipApplication, SipSource } from '../../../src/srf/srf.js'
import type { Store } from '../../../src/store/store.js'
import { defaults, sealWith } from '../node/default-settings.js'
import { createManualClock, type ManualClock } from '../process/manual-clock.js'

export const realm = 'hotdesk.example'
export const HD0001 = 'HD0001' as DeviceId
export const password = 'open sesame'

/** What came back for a request. */
export interface Answered {
  readonly status: number
  readonly parts: ResponseParts
  /** One entry a header line. */
  lines(name: string): readonly string[]
}

export interface RequestParts {
  readonly method?: string
  readonly uri?: string
  readonly callId?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly source?: SipSource
}

export const natSource: SipSource = { protocol: 'udp', address: '203.0.113.9', port: 40_312 }

/** The SIP application as a port: requests are handed in, answers come out. */
export interface SipPort {
  readonly srf: SipApplication
  deliver(parts: RequestParts): Answered
}

/** `request` answers what is sent; without it nothing may be sent. */
export function createSipPort(request?: SipApplication['request']): SipPort {
  const handlers = new Map<string, (request: IncomingRequest) => void | Promise<void>>()
  const unused = (): never => {
    throw new Error('nothing of the kind is done here')
  }
  return {
    srf: {
      listening: [],
      reportsTrying: false,
      connected: true,
      onReconnected: () => () => undefined,
      onInvite: unused,
      onRefer: unused,
      onSubscribe: unused,
      restoreSubscription: unused,
      onRequest: (method, handle) => void handlers.set(method, handle),
      request: request ?? unused,
      invite: unused,
      close: () => Promise.resolve(),
    },
    deliver(parts) {
      const { request, answer } = incoming(parts)
      const handle = handlers.get(request.method)
      if (!handle) throw new Error(`nobody handles ${request.method}`)
      void handle(request)
      return answer()
    },
  }
}

/** A request made by hand, and what it was answered. */
export function incoming(parts: RequestParts): { readonly request: IncomingRequest; readonly answer: () => Answered } {
  const { method = 'REGISTER', uri = `sip:${realm}`, callId = 'call-1', headers = {}, source = natSource } = parts
  const fields = new Map(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
  const sent: { status: number; parts: ResponseParts }[] = []
  const request: IncomingRequest = {
    method,
    uri,
    callId,
    header: (name) => fields.get(name.toLowerCase()) ?? '',
    body: '',
    source,
    receivedOn: '192.0.2.10:5060',
    respond: (status, answerParts = {}) => void sent.push({ status, parts: answerParts }),
    get responded() {
      return sent.length > 0
    },
  }
  return { request, answer: () => answeredOnce(sent) }
}

function answeredOnce(sent: readonly { status: number; parts: ResponseParts }[]): Answered {
  const [only, ...more] = sent
  if (!only || more.length > 0) throw new Error(`${sent.length} answers instead of one`)
  return {
    ...only,
    lines(name) {
      const value = Object.entries(only.parts.headers ?? {}).find(([key]) => key.toLowerCase() === name.toLowerCase())?.[1] ?? []
      return typeof value === 'string' ? [value] : value
    },
  }
}

export const seal = sealWith('the secret of the network')

export interface Bench {
  readonly registrar: Registrar
  readonly clock: ManualClock
  readonly directory: Directory
  deliver(parts: RequestParts): Answered
  /** A REGISTER of HD0001 with good credentials. */
  register(headers: Readonly<Record<string, string>>, parts?: RequestParts): Answered
  credentials(parts?: CredentialParts): string
  close(): Promise<void>
}

export interface CredentialParts {
  readonly username?: string
  readonly password?: string
  readonly method?: string
  readonly algorithm?: 'MD5' | 'SHA-256'
  readonly challenge?: Challenge
  readonly count?: number
  /** Where the challenge is fetched from, and so where the credentials are good. */
  readonly source?: SipSource
  /** The digest URI. */
  readonly uri?: string
}

export interface BenchParts extends Partial<Omit<RegistrarNeeds, 'settings'>> {
  readonly settings?: Partial<RegistrarNeeds['settings']>
}

/** A registrar with a phone in front of it; its device is in the directory already. */
export function createBench(store: Store, { settings, ...changes }: BenchParts = {}, port = createSipPort()): Bench {
  const clock = createManualClock(1_800_000_000_000)
  const directory = createDirectory({ store, seal, log: silentLogger() })
  const registrar = createRegistrar({
    srf: port.srf,
    store,
    directory,
    node: 'paris-1' as NodeName,
    realm,
    secret: new Secret('the secret of the network'),
    settings: { ...registrarSettings(defaults), ...settings },
    clock,
    log: silentLogger(),
    metrics: createMetrics(),
    ...changes,
  })
  let cseq = 0
  let asked = 0
  const bench: Bench = {
    registrar,
    clock,
    directory,
    async close() {
      await registrar.close()
      directory.close()
    },
    deliver: (parts) => port.deliver({ ...parts, headers: { ...phoneHeaders(++cseq), ...parts.headers } }),
    register: (headers, parts = {}) =>
      bench.deliver({ ...parts, headers: { Authorization: bench.credentials({ ...parts, method: 'REGISTER' }), ...headers } }),
    credentials(parts = {}) {
      const { username = HD0001, method = 'REGISTER', algorithm = 'SHA-256', count = 1, source = natSource, uri = `sip:${realm}` } = parts
      // Each as another program: a phone that asks twice and does not answer is offered less.
      const asking = { headers: { 'User-Agent': `Desk ${++asked}` }, source }
      const challenge = parts.challenge ?? challengesIn(bench.deliver(asking)).find((offered) => offered.algorithm === algorithm)
      if (!challenge) throw new Error(`no challenge for ${algorithm}`)
      const secret = new Secret(parts.password ?? password)
      return printCredentials(
        answerChallenge(challenge, { username, uri, cnonce: 'c0ffee', count, password: secret, method, body: Buffer.alloc(0) }),
      )
    },
  }
  return bench
}

function phoneHeaders(cseq: number): Readonly<Record<string, string>> {
  return {
    To: `<sip:HD0001@${realm}>`,
    From: `<sip:HD0001@${realm}>;tag=1`,
    CSeq: `${cseq} REGISTER`,
    'User-Agent': 'Yealink SIP-T54W 96.86.0.100',
  }
}

export function challengesIn(answer: Answered): readonly Challenge[] {
  const lines = [...answer.lines('WWW-Authenticate'), ...answer.lines('Proxy-Authenticate')]
  return lines.flatMap((line) => parseChallenge(line) ?? [])
}
