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
import { createAlgorithmRecords } from './authentication/algorithm-records.js'
import {
  type Authentication,
  type AuthenticationSettings,
  type Authenticator,
  createAuthenticator,
  nonceLifetimeMs,
} from './authentication/authenticator.js'
import { createDialogProof, type DialogProof } from './authentication/dialog-proof.js'
import type { PasswordGuesses, SourceRelation } from './authentication/password-guesses.js'
import { type Bindings, createBindings } from './bindings/bindings.js'
import type { Binding, BoundContact } from './bindings/record.js'
import { type RegistrationCopyNeeds, recordedOf } from './bindings/record.js'
import { beginningOf, createFollower } from './dialog-flow.js'
import { flowNamed, followKnownSources, type KnownSourcesNeeds, type KnownSourcesWatch } from './known-sources.js'
import { createNames } from './names.js'
import { reachOf, withoutConnection } from './reach.js'
import { claimedDevice, createRecognition, type Recognition } from './recognition.js'
import { createRegisterHandler, type RegistrationKind } from './register/register-handler.js'
import { type ExpiryLimits, flowOf, isFrom, userAgentOf } from './register/register-request.js'
import { createRelocation, type Relocation } from './relocation.js'
import { respondToOtherRequests } from './unsupported-methods.js'

export type { Binding } from './bindings/record.js'
export { reachOf } from './reach.js'
export type { RegistrationKind } from './register/register-handler.js'

/** Authenticates devices and keeps their bindings. */
export interface Registrar {
  /** Digest authentication (RFC 7616, RFC 8760) of a request by a device. Sends 401 (REGISTER) or 407 itself. */
  authenticate(request: IncomingRequest): Authentication
  /** Whether a request in a dialog comes from its phone. Sends 407 or 403 itself. */
  readonly provesInDialog: DialogProof
  /** The device that the request claims to come from. Proves nothing. */
  claimedDevice(request: IncomingRequest): DeviceId | null
  /** Whether the Request-URI names this network, by the names that this device knows for it. */
  isCalled(request: Pick<IncomingRequest, 'uri' | 'receivedOn'>, by: DeviceId): boolean
  /** Which device sent a request that must not be refused. Sends nothing and reads only memory. */
  recognise(request: IncomingRequest): Recognition
  /** Sends a challenge that every phone can answer. */
  challengeCompatibly(request: IncomingRequest): void
  /** Follows the phone at the far end of a dialog as it moves. The phone was called over this binding. */
  follow(binding: Binding): FarEnd
  /** The same for a phone that calls; null if its dialog shows where it is. */
  followCaller(device: DeviceId, request: IncomingRequest): FarEnd | null
  /** Unexpired bindings at any node, latest first. */
  bindingsOf(device: DeviceId): readonly Binding[]
  /** A phone has registered here, or renewed its registration. */
  onRegistered(listener: (device: DeviceId, how: RegistrationKind) => void): () => void
  /** The last binding of a phone at this node is gone: expired, removed, or the phone has registered at another node. */
  onUnregistered(listener: (device: DeviceId) => void): () => void
  /** Wrong passwords of devices, by any protocol. */
  readonly passwordGuesses: Pick<PasswordGuesses, 'mayTry' | 'failed'>
  /** Moves phones to another node of the site. */
  readonly relocation: Pick<Relocation, 'sendAway' | 'end'>
  close(): Promise<void>
}

interface RegistrarSettings extends ExpiryLimits, AuthenticationSettings {
  /** Interval of keep-alives to phones behind NAT over UDP; 0: none. */
  readonly keepAliveMs: Milliseconds
}

export interface RegistrarNeeds {
  readonly srf: SipApplication
  readonly store: Store
  readonly directory: Directory
  readonly node: NodeName
  /** The digest realm, which is the SIP domain of the network. */
  readonly realm: string
  /** The network's secret. It signs nonces, so that those of other nodes are recognised. */
  readonly secret: Secret
  /** Other names of the network: `sip.aliases`. */
  readonly aliases?: readonly string[]
  /** Addresses of this node that its sockets do not show. */
  readonly addresses?: readonly string[]
  /** The node's own. */
  readonly clock: Clock
  readonly log: Logger
  readonly metrics: Metrics
  readonly settings: RegistrarSettings
  /** Limits that a reload may change; absent: those of `settings`. */
  readonly limits?: () => ExpiryLimits & Pick<RegistrarSettings, 'keepAliveMs'>
  /** Closes connections of phones that move; null or absent for a SIP server that cannot. */
  readonly closeIdle?: Sipd['closeIdle'] | null
  /** Whether phones that register must go to another node of the site now; absent: never. */
  readonly mustMove?: (device: DeviceId) => boolean
  /** Informs the SIP server about known sources and how to challenge others; null or absent for a server that does not take this. */
  readonly setKnownSources?: Sipd['setKnownSources'] | null
  /** Reports closed connections of phones, as `tcp 192.0.2.7:40312`; absent if the SIP server does not report them. */
  readonly onFlowGone?: (listener: (flow: string) => void) => () => void
  /** Its trunks are known sources, and its emergency numbers are always admitted. */
  readonly plan?: { readonly current: ReturnType<KnownSourcesNeeds['plan']>; onChange(listener: () => void): () => void }
}

const noPlan: ReturnType<KnownSourcesNeeds['plan']> = { trunks: [], emergencyDialled: [] }

/** Handles REGISTER and OPTIONS from now on. Phones that were registered at this node before a restart still are. */
export function createRegistrar(needs: RegistrarNeeds): Registrar {
  const { srf, store, directory, node, realm, secret, settings, clock, log, metrics, onFlowGone } = needs
  const onClosed =
    onFlowGone &&
    ((listener: (flow: string) => void) =>
      onFlowGone((name) => {
        listener(flowNamed(name))
        relocation.flowGone(flowNamed(name))
      }))
  const bindings = createBindings({ store, node, clock, log, metrics, onFlowGone: onClosed })
  const algorithmRecords = createAlgorithmRecords({ store, log })
  function strengthOf(device: DeviceId, request: IncomingRequest): 'weak' | 'strong' | null {
    const bound = bindings.of(device).filter(({ digest }) => digest !== '')
    if (bound.some(({ digest }) => digest !== 'MD5')) return 'strong'
    const agent = userAgentOf(request)
    // Some phones send their User-Agent only in a REGISTER.
    const isSame = ({ flow, userAgent }: Binding): boolean => isFrom(flow, request.source.address) && (agent === '' || agent === userAgent)
    return bound.some(isSame) ? 'weak' : algorithmRecords.of(device, request)
  }
  function relationOf(device: DeviceId, { method, callId, source }: IncomingRequest): SourceRelation {
    const flow = flowOf(source)
    const bound = bindings.of(device)
    // All phones behind a proxy share its flow.
    const isOwn = (binding: BoundContact): boolean => binding.flow === flow && binding.intermediary !== 'proxy'
    if (bound.some((binding) => isOwn(binding) || (method === 'REGISTER' && binding.callId === callId))) return 'own'
    return bound.some((binding) => isFrom(binding.flow, source.address)) || algorithmRecords.isFrom(device, source.address)
      ? 'known'
      : 'unknown'
  }
  const relocation = createRelocation({ bindings, closeIdle: needs.closeIdle, clock, log })
  const names = createNames({ srf, directory, realm, aliases: needs.aliases ?? [], addresses: needs.addresses ?? [] })
  const authenticator = createAuthenticator({ directory, names, strengthOf, relationOf, realm, secret, clock, log, metrics, settings })
  const offDevice = directory.onDeviceChange(authenticator.deviceChanged)
  const registered = createEmitter<[DeviceId, RegistrationKind]>((fault) =>
    log.error({ event: 'node.fault', err: fault }, 'a listener failed'),
  )
  const handle = createRegisterHandler({
    bindings,
    authenticator,
    algorithmRecords,
    names,
    directory,
    node,
    clock,
    date: () => clock.now() + store.clock.aheadMs,
    log,
    metrics,
    mustMove: (device) => needs.mustMove?.(device) === true && !relocation.isStranded(device),
    limits: needs.limits ?? (() => settings),
    registered,
  })

  const watch = watchSources(needs, bindings, authenticator)
  const offPlan = needs.plan?.onChange(() => watch?.look())

  const recognise = createRecognition({ directory, bindings, authenticator, names, clock })
  const follow = createFollower({ bindings, node, clock })
  srf.onRequest('REGISTER', handle)
  respondToOtherRequests(srf)

  return {
    authenticate: (request) => authenticator.authenticate(request),
    provesInDialog: createDialogProof({ bindings, authenticator }),
    claimedDevice: (request) => claimedDevice(request, { directory, bindings, names, realm }),
    isCalled: (request, by) => names.isCalled(request, bindings.of(by)),
    recognise,
    follow: (binding) => follow(binding.device, binding),
    followCaller(device, request) {
      const from = beginningOf(request, bindings.of(device))
      return from && follow(device, from)
    },
    challengeCompatibly: (request) => authenticator.challengeCompatibly(request),
    bindingsOf: (device) => latestFirst(bindings, device),
    onRegistered: (listener) => registered.on(listener),
    onUnregistered: (listener) => bindings.onGone(listener),
    passwordGuesses: authenticator.guesses,
    relocation,
    close() {
      offPlan?.()
      watch?.close()
      offDevice()
      return bindings.close()
    },
  }
}

function latestFirst(bindings: Bindings, device: DeviceId): readonly Binding[] {
  return bindings
    .of(device)
    .map((binding) => (bindings.isClosed(binding.flow) ? withoutConnection(binding) : binding))
    .sort((a, b) => b.registered - a.registered)
}

/** Null for a SIP server that does not take known sources. */
function watchSources(needs: RegistrarNeeds, bindings: Bindings, authenticator: Authenticator): KnownSourcesWatch | null {
  const { directory, realm, settings, clock, log, setKnownSources } = needs
  if (!setKnownSources) return null
  const challenge = { realm, algorithms: settings.algorithms, lifetimeMs: nonceLifetimeMs, ...authenticator.nonceForm }
  const emergencies = () => directory.sites().flatMap((site) => site.emergency)
  const { flows } = bindings
  const behindNat = () => bindings.behindNat().map((binding) => reachOf(binding).via)
  const keepAliveMs = () => (needs.limits?.() ?? settings).keepAliveMs
  const known = { plan: () => needs.plan?.current ?? noPlan, nodes: directory.nodes, flows, behindNat, keepAliveMs, emergencies, challenge }
  return followKnownSources({ ...known, setKnownSources, clock, log })
}

/** The registrations in Redis, read only, for a command without SIP. */
export function registrationsIn(needs: RegistrationCopyNeeds): Pick<Registrar, 'bindingsOf'> {
  const isFresh = ({ expires }: Binding): boolean => expires * 1000 > needs.clock.now()
  return {
    bindingsOf: (device) =>
      recordedOf(device, needs)
        .filter(isFresh)
        .sort((a, b) => b.registered - a.registered),
  }
}
