import type { Clock, Milliseconds } from '../base/clock.js'
import { createEmitter } from '../base/emitter.js'
import type { DeviceId, NodeName } from '../base/identity.js'
import type { Logger } from '../base/logger.js'
import type { Metrics } from '../base/metrics.js'
import type { Secret } from '../base/secret.js'
import type { Directory } from '../directory/directory.js'
import type { Sipd } from '../sipd/sipd.js'
import type { FarEnd, IncomingRequest, SipApplication } from '../srf/srf.js'
import type { Store } from '../store/store.js'
import { createProofs } from './authentication/algorithm-records.js'
import {
  type Authentication,
  type AuthenticationSettings,
  createAuthenticator,
  defaultAuthentication,
  type Examination,
} from './authentication/authenticator.js'
import type { Standing } from './authentication/password-guesses.js'
import { createBindings } from './bindings/bindings.js'
import type { Binding, BoundContact } from './bindings/record.js'
import { type RegistrationCopyNeeds, recordedOf } from './bindings/record.js'
import { beginningOf, createFollower } from './dialog-flow.js'
import { flowNamed, followKnownSources, type KnownSourcesNeeds } from './known-sources.js'
import { createNames } from './names.js'
import { reachOf, withoutConnection } from './reach.js'
import { createRecognition, type Recognition, seemingDevice } from './recognition.js'
import { createRegisterHandler, type RegisteredHow } from './register/register-handler.js'
import { type ExpiryLimits, flowOf, isFrom, userAgentOf } from './register/register-request.js'
import { answerOtherRequests } from './unsupported-methods.js'

export type { Binding } from './bindings/record.js'
export { reachOf } from './reach.js'
export type { RegisteredHow } from './register/register-handler.js'

/** Devices prove who they are and say where they are. */
export interface Registrar {
  /** Digest (RFC 7616, RFC 8760) of a request by a device; sends 401 (REGISTER) or 407 itself. */
  authenticate(request: IncomingRequest): Authentication
  /** What the credentials of a request show; sends nothing. */
  examine(request: IncomingRequest): Examination
  /** The device that the request seems to come from; proves nothing. */
  seemsFrom(request: IncomingRequest): DeviceId | null
  /** Whether the Request-URI names this network, as far as this device can know its names. */
  isCalled(request: Pick<IncomingRequest, 'uri' | 'receivedOn'>, by: DeviceId): boolean
  /** Which device sent a request that must not be refused; sends nothing, reads memory alone. */
  recognise(request: IncomingRequest): Recognition
  /** A challenge that every phone can answer. */
  challengeGently(request: IncomingRequest): void
  /** Where the phone at the far end of a dialog is, as it moves: one that was called over that binding. */
  follow(binding: Binding): FarEnd
  /** The same for a phone that calls; null: its dialog says where it is. */
  followCaller(device: DeviceId, request: IncomingRequest): FarEnd | null
  /** Fresh bindings, any node's, latest first. */
  bindingsOf(device: DeviceId): readonly Binding[]
  /** A phone registered here, or renewed its registration. */
  onRegistered(listener: (device: DeviceId, how: RegisteredHow) => void): () => void
  /** The last binding of a phone at this node is gone: expired, removed, or the phone has registered at another node. */
  onUnregistered(listener: (device: DeviceId) => void): () => void
  close(): Promise<void>
}

interface RegistrarSettings extends ExpiryLimits, AuthenticationSettings {
  /** How often a phone behind NAT hears something over UDP; 0: never. */
  readonly keepAliveMs: Milliseconds
}

const defaultRegistrarSettings: RegistrarSettings = {
  minExpires: 60,
  maxExpires: 3600,
  defaultExpires: 3600,
  maxContacts: 8,
  keepAliveMs: 25_000,
  ...defaultAuthentication,
}

export interface RegistrarNeeds {
  readonly srf: SipApplication
  readonly store: Store
  readonly directory: Directory
  readonly node: NodeName
  /** The digest realm: the SIP domain of the network. */
  readonly realm: string
  /** The network's secret: signs nonces, so that those of other nodes are known as genuine. */
  readonly secret: Secret
  /** Other names of the network: `sip.aliases`. */
  readonly aliases?: readonly string[]
  /** Addresses of this node that its sockets do not show. */
  readonly addresses?: readonly string[]
  /** The node's own. */
  readonly clock: Clock
  readonly log: Logger
  readonly metrics: Metrics
  readonly settings?: Partial<RegistrarSettings>
  /** Tells the SIP server whom this node knows and how strangers are challenged; null or absent: there is nothing to tell it to. */
  readonly acquaint?: Sipd['acquaint'] | null
  /** Tells which connections of phones have gone, `tcp 192.0.2.7:40312`; absent: nobody knows. */
  readonly onFlowGone?: (listener: (flow: string) => void) => () => void
  /** Trunks are known too. */
  readonly dialplan?: { readonly trunks: KnownSourcesNeeds['trunks'] }
}

/** Answers REGISTER and OPTIONS from now on. Phones that were registered at this node before it restarted are so again. */
export function createRegistrar(needs: RegistrarNeeds): Registrar {
  const { srf, store, directory, node, realm, secret, clock, log, metrics } = needs
  const settings = { ...defaultRegistrarSettings, ...needs.settings }
  const { onFlowGone } = needs
  const onClosed = onFlowGone && ((listener: (flow: string) => void) => onFlowGone((flow) => listener(flowNamed(flow))))
  const bindings = createBindings({ store, node, clock, log, metrics, onFlowGone: onClosed })
  const proofs = createProofs({ store, log })
  function proofOf(device: DeviceId, request: IncomingRequest): 'weak' | 'strong' | null {
    const bound = bindings.of(device).filter(({ digest }) => digest !== '')
    if (bound.some(({ digest }) => digest !== 'MD5')) return 'strong'
    const agent = userAgentOf(request)
    // Some phones say what they are in a REGISTER alone.
    const isSame = ({ flow, userAgent }: Binding): boolean => isFrom(flow, request.source.address) && (agent === '' || agent === userAgent)
    return bound.some(isSame) ? 'weak' : proofs.of(device, request)
  }
  function standingOf(device: DeviceId, { method, callId, source }: IncomingRequest): Standing {
    const flow = flowOf(source)
    const bound = bindings.of(device)
    // All phones behind a proxy have its flow.
    const isOwn = (binding: BoundContact): boolean => binding.flow === flow && binding.between !== 'proxy'
    if (bound.some((binding) => isOwn(binding) || (method === 'REGISTER' && binding.callId === callId))) return 'own'
    return bound.some((binding) => isFrom(binding.flow, source.address)) || proofs.isFrom(device, source.address) ? 'known' : 'strange'
  }
  const names = createNames({ srf, directory, realm, aliases: needs.aliases ?? [], addresses: needs.addresses ?? [] })
  const authenticator = createAuthenticator({ directory, names, proofOf, standingOf, realm, secret, clock, log, metrics, settings })
  const offDevice = directory.onDeviceChange(authenticator.renewed)
  const registered = createEmitter<[DeviceId, RegisteredHow]>((fault) =>
    log.error({ event: 'node.fault', err: fault }, 'a listener failed'),
  )
  const handle = createRegisterHandler({
    bindings,
    authenticator,
    proofs,
    names,
    directory,
    node,
    clock,
    date: () => clock.now() + store.clock.aheadMs,
    log,
    metrics,
    limits: settings,
    registered,
  })

  const challenge = { realm, algorithms: settings.algorithms, lifetimeMs: settings.nonceLifetimeMs, ...authenticator.nonceForm }
  const emergencies = () => directory.sites().flatMap((site) => site.emergency)
  const { flows } = bindings
  const hidden = () => bindings.hidden().map((binding) => reachOf(binding).via)
  const { keepAliveMs } = settings
  const known = { trunks: needs.dialplan?.trunks ?? [], nodes: directory.nodes, flows, hidden, keepAliveMs, emergencies, challenge }
  const watch = needs.acquaint ? followKnownSources({ ...known, tell: needs.acquaint, clock, log }) : null

  const recognise = createRecognition({ directory, bindings, authenticator, names, clock })
  const follow = createFollower({ bindings, node, clock })
  srf.onRequest('REGISTER', handle)
  answerOtherRequests(srf)

  return {
    authenticate: (request) => authenticator.authenticate(request),
    examine: (request) => authenticator.examine(request),
    seemsFrom: (request) => seemingDevice(request, { directory, bindings, names, realm }),
    isCalled: (request, by) => names.isCalled(request, bindings.of(by)),
    recognise,
    follow: (binding) => follow(binding.device, binding),
    followCaller(device, request) {
      const from = beginningOf(request, bindings.of(device))
      return from && follow(device, from)
    },
    challengeGently: (request) => authenticator.challengeGently(request),
    bindingsOf: (device) =>
      bindings
        .of(device)
        .map((binding) => (bindings.isClosed(binding.flow) ? withoutConnection(binding) : binding))
        .sort((a, b) => b.registered - a.registered),
    onRegistered: (listener) => registered.on(listener),
    onUnregistered: (listener) => bindings.onGone(listener),
    close() {
      watch?.close()
      offDevice()
      return bindings.close()
    },
  }
}

/** For whoever only looks: what Redis says of registrations, without SIP, and nothing is written. */
export function registrationsIn(needs: RegistrationCopyNeeds): Pick<Registrar, 'bindingsOf'> {
  const isFresh = ({ expires }: Binding): boolean => expires * 1000 > needs.clock.now()
  return {
    bindingsOf: (device) =>
      recordedOf(device, needs)
        .filter(isFresh)
        .sort((a, b) => b.registered - a.registered),
  }
}
