import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Clock, systemClock } from './base/clock.js'
import { AppError, messageOf } from './base/errors.js'
import { writeRunFile } from './base/host/run-file.js'
import { ClosedMeanwhile, createLifecycle, type Lifecycle } from './base/lifecycle.js'
import { addressForNodes } from './base/listen-address.js'
import { createLogger, type Logger } from './base/logger.js'
import { createMetrics, type Metrics } from './base/metrics.js'
import { tightenData } from './base/output/private-files.js'
import { thisProcess } from './base/process-identity.js'
import { createSeal, type Seal } from './base/seal.js'
import { type CallSettings, type Calls, createCalls } from './calls/calls.js'
import { type Config, detachEnvironment } from './config/config.js'
import { dialogueTiming, registrationOf, unprovenLimits } from './config/limits.js'
import { mostOfSettings, readTextFile } from './config/yaml/text-file.js'
import { type Dialplan, loadDialplan, reservedExtension } from './dialplan/dialplan.js'
import {
  createDirectory,
  createSecretCheck,
  type Directory,
  loadSamples,
  type Membership,
  type MembershipNeeds,
  newBoot,
  publishedPasswords,
  rememberLife,
  type SecretCheck,
  startMembership,
  watchReserved,
} from './directory/directory.js'
import { createHotdesk, hashPin, hotdeskLibrary } from './hotdesk/hotdesk.js'
import { createIvr } from './ivr/ivr.js'
import { createMedia } from './media/media.js'
import { createPhones } from './phones/phones.js'
import { createRegistrar } from './registrar/registrar.js'
import { openSipServer, type SipServer, sipServer } from './sip-server.js'
import { createSrf, type SipApplication } from './srf/srf.js'
import { createStore, type Store } from './store/store.js'
import { createTrunks, type Trunks } from './trunks/trunks.js'

/** A running node. */
export interface App {
  /** Where phones reach it: `udp/192.0.2.10:5060`. */
  readonly sip: readonly string[]
  /** `http://192.0.2.10:8080` */
  readonly http: string
  readonly dialplan: Dialplan
  readonly store: Pick<Store, 'state' | 'copyFrom' | 'trouble' | 'cli' | 'condition'>
  /** Closes what was opened, last first. */
  close(): Promise<void>
}

export interface AppNeeds {
  /** Called as soon as calls are taken, which is before the node has started. */
  readonly onCalls?: (calls: Pick<Calls, 'emergencies'>) => void
  /** Aborted when the node is to end before it has started. */
  readonly stopping?: AbortSignal
}

/** What every part is given. */
interface Ground {
  readonly config: Config
  readonly clock: Clock
  readonly log: Logger
  readonly metrics: Metrics
  readonly lifecycle: Lifecycle
  readonly onCalls: NonNullable<AppNeeds['onCalls']>
  readonly stopping: AbortSignal
}

const promptsFolder = fileURLToPath(new URL('../prompts', import.meta.url))
const version = (createRequire(import.meta.url)('../package.json') as { version: string }).version

const sipApplication = 'SIP application'
const dialCodes = 'dial codes'

/** No part may hold up the end of the node for longer. */
const closeDeadlineMs = 5_000

/**
 * Builds a node, lowest layer first. What was opened is closed again when a later part cannot be. Answers null when the node was to end
 * before it had started.
 * @throws AppError of whatever stands in the way: a port in use, a dial plan that is wrong, a newer library in Redis, a name taken
 */
export async function createApp(
  config: Config,
  { onCalls = () => undefined, stopping = neverStopping }: AppNeeds = {},
): Promise<App | null> {
  const clock = systemClock
  const log = createLogger({ ...config.log, node: config.node, site: config.site })
  const onFault = (name: string, err: unknown): void => log.error({ event: 'node.fault', err }, `${name} did not close: ${messageOf(err)}`)
  const lifecycle = createLifecycle({ clock, deadlineMs: closeDeadlineMs, onFault })
  const stop = (): void => void lifecycle.close()
  stopping.addEventListener('abort', stop)
  if (stopping.aborted) stop()
  try {
    return await build({ config, clock, log, metrics: createMetrics(), lifecycle, onCalls, stopping })
  } catch (fault) {
    await lifecycle.close()
    if (!(fault instanceof ClosedMeanwhile)) throw fault
    log.info({ event: 'node.stopped' }, 'node stopped before it had started')
    return null
  } finally {
    stopping.removeEventListener('abort', stop)
  }
}

const neverStopping = new AbortController().signal

async function build(ground: Ground): Promise<App> {
  const { config, lifecycle, log } = ground
  const dialplan = loadDialplan({
    text: readTextFile(config.dialplan, mostOfSettings),
    file: config.dialplan,
    log: part(ground, 'dialplan'),
  })
  await lifecycle.opening(keepDataPrivate(ground))
  // Either takes the better part of a second, of different things.
  const parts = both(openStore(ground), openSipServer({ ...ground, log: part(ground, 'sipd') }, dialplan))
  const [store, server] = await lifecycle.opening(parts)
  const srf = await lifecycle.opening(openSip(ground, server))
  const desk = await openDesk(ground, { dialplan, store, srf, server })
  let isStopping = false
  const http = await lifecycle.opening(openConsole(ground, { store, srf, ...desk, isStopping: () => isStopping }))
  leaveRunFile(ground, http)
  log.info({ event: 'node.started', sip: srf.listening, http, store: store.state }, 'node started')
  return {
    sip: srf.listening,
    http,
    dialplan,
    store,
    async close() {
      isStopping = true
      log.info({ event: 'node.stopping' }, 'node stopping')
      await lifecycle.close()
      log.info({ event: 'node.stopped' }, 'node stopped')
    },
  }
}

/** For commands on this machine, which find the node by it without Redis. */
function leaveRunFile({ config: { data, node, network }, lifecycle, log }: Ground, http: string): void {
  const left = writeRunFile(data, { node, network, http })
  if ('fault' in left) log.warn({ event: 'data.exposed', reason: left.fault }, `the folder ${data} cannot be written`)
  else lifecycle.opened(left, 'run file', ({ remove }) => remove())
}

async function keepDataPrivate({ config: { data }, log }: Ground): Promise<void> {
  const files = await tightenData(data)
  if (files.length > 0)
    log.warn({ event: 'data.exposed', files }, `others may read ${files.join(', ')}; give them to the user of this node`)
}

function part({ log }: Ground, name: string): Logger {
  return log.child({ part: name })
}

async function openStore(ground: Ground): Promise<Store> {
  const { config, clock, metrics, lifecycle, stopping } = ground
  const { redis, network, data, durability, functionLoading: loading } = config
  const common = { functions: hotdeskLibrary, clock, log: part(ground, 'store'), metrics, stopping }
  const store = await createStore({ redis, network, data, durability, loading, ...common })
  return lifecycle.opened(store, 'store', (opened) => opened.close())
}

/** Waits for both, so that whatever one of them has opened is closed when the other cannot be. */
async function both<First, Second>(first: Promise<First>, second: Promise<Second>): Promise<[First, Second]> {
  await Promise.allSettled([first, second])
  return [await first, await second]
}

async function openSip(ground: Ground, { place }: SipServer): Promise<SipApplication> {
  detachEnvironment()
  const session = { seconds: ground.config.sip.sessionSeconds }
  const srf = await createSrf({ place, session, log: part(ground, 'srf'), stopping: ground.stopping })
  return ground.lifecycle.opened(srf, sipApplication, (opened) => opened.close())
}

interface DeskNeeds {
  readonly server: SipServer
  readonly dialplan: Dialplan
  readonly store: Store
  readonly srf: SipApplication
}

type Desk = { readonly trunks: Pick<Trunks, 'warnings'>; readonly secretCheck: SecretCheck }

/** Users, phones and calls. */
async function openDesk(ground: Ground, { dialplan, store, srf, server: { acquaint, onFlowGone, settled } }: DeskNeeds): Promise<Desk> {
  const { config, clock, metrics, lifecycle } = ground
  const { node, site, secret, network } = config
  const { domain, aliases, advertise, digest } = config.sip
  const boot = newBoot(store.clock.now())
  // What nodes write for each other they write by `store.clock`; all else goes by the node's own, which is never set.
  const shared = { store, srf, dialplan, node, network, domain, secret, clock, metrics }
  const common = (name: string) => ({ ...shared, log: part(ground, name) })

  const { seal, secretCheck } = await checkSecret(ground, store)
  const directory = createDirectory({ store, seal, secretCheck, log: part(ground, 'directory') })
  lifecycle.opened(directory, 'directory', (opened) => opened.close())
  if (config.sample && store.state === 'connected') await lifecycle.opening(loadSamples({ store, directory, hashPin }))
  nameFaults(ground, directory, dialplan)
  const formerLives = rememberLife({ data: config.data, boot, log: part(ground, 'directory') })
  const described = { site, sip: addressForNodes(srf.listening), version, library: hotdeskLibrary.version }
  const membership = becomeMember(ground, { ...common('directory'), ...meanings(dialplan), ...described, boot, formerLives })

  const hotdesk = createHotdesk({
    ...common('hotdesk'),
    directory,
    boot,
    automaticLogout: dialplan.automaticLogout,
    attempts: config.lockout,
    quietSeconds: config.emergency.quietSeconds,
    retentionDays: config.retentionDays,
  })
  lifecycle.opened(hotdesk, 'hotdesk', (opened) => opened.close())
  const settings = { ...registrationOf(config), ...digest }
  const names = { realm: domain, aliases, addresses: advertise === null ? [] : [advertise] }
  const registrar = createRegistrar({ ...common('registrar'), directory, ...names, settings, acquaint, onFlowGone })
  lifecycle.opened(registrar, 'registrar', (opened) => opened.close())
  const media = createMedia({ ...config.media, clock, metrics, log: part(ground, 'media') })
  lifecycle.opened(media, 'media', (opened) => opened.close())
  const speech = { media, hotdesk, directory, promptsFolder, timing: dialogueTiming(config) }
  const features = await lifecycle.opening(createIvr({ ...common('features'), ...speech }))
  lifecycle.opened(features, dialCodes, (opened) => opened.close())
  const trunks = createTrunks(common('trunks'))
  lifecycle.opened(trunks, 'trunks', (opened) => opened.close())
  const calls = createCalls({
    parts: { srf, store, directory, hotdesk, registrar, dialplan, trunks, ivr: features },
    network: { node, domain, network, secret },
    settings: callSettings(config),
    settled,
    clock,
    log: part(ground, 'calls'),
    metrics,
  })
  lifecycle.opened(calls, 'calls', (opened) => opened.close())
  finishCallsFirst(ground, calls)
  const phones = createPhones({ ...common('phones'), directory, hotdesk, registrar, activity: calls })
  lifecycle.opened(phones, 'phones', (opened) => opened.close())
  await lifecycle.opening(membership.joined)
  calls.open()
  return { trunks, secretCheck }
}

/** Numbers that mean something at this site, and that no user of the network may have as an extension. */
function meanings({ codes, emergencyNumbers }: Dialplan) {
  return { emergency: emergencyNumbers, reserved: reservedExtension(codes) ?? '' }
}

/** In what Redis has of users and phones. */
function nameFaults(ground: Ground, directory: Directory, { reserved }: Dialplan): void {
  if (!ground.config.sample) warnOfSamples(ground, publishedPasswords(directory))
  watchReserved({ directory, reserved, log: part(ground, 'directory') })
}

/**
 * With another secret the node does not start. One that starts without Redis, and learns it later, goes on for the sake of emergency calls,
 * and seals nothing.
 */
async function checkSecret(ground: Ground, store: Store): Promise<{ readonly seal: Seal; readonly secretCheck: SecretCheck }> {
  const { secret, network } = ground.config
  const seal = createSeal(secret, network)
  const secretCheck = createSecretCheck({ store, seal })
  if (store.state === 'connected') await ground.lifecycle.opening(secretCheck.require())
  ground.lifecycle.opened(secretCheck.follow(part(ground, 'directory')), 'secret', (opened) => opened.close())
  return { seal, secretCheck }
}

/** Left in `data` from a first try: the passwords that everybody can read must not let anybody into a network that is in use. */
function warnOfSamples({ log }: Ground, devices: readonly string[]): void {
  if (devices.length === 0) return
  const words = `${devices.join(', ')} still have the published passwords of the sample: set others (hotdesk device set) or remove them`
  log.warn({ event: 'directory.sample', devices }, words)
}

/** While emergency calls are up every part is still there; behind the last one the sockets close before anything else does. */
function finishCallsFirst({ config, lifecycle, onCalls }: Ground, calls: Calls): void {
  const finish = async (): Promise<void> => {
    await Promise.all([calls.drain(), lifecycle.closeEarly(dialCodes)])
    await lifecycle.closeEarly(sipApplication)
    await lifecycle.closeEarly(sipServer)
  }
  lifecycle.before('calls in progress', finish, config.emergency.stopSeconds * 1_000 + 3 * closeDeadlineMs)
  onCalls(calls)
}

/** Two nodes of one name would undo each other's work: this one ends, in the way of every fault that cannot be repaired. */
function becomeMember({ lifecycle }: Ground, needs: MembershipNeeds): Membership {
  const membership = startMembership(needs)
  lifecycle.opened(membership, 'membership', (opened) => opened.close())
  membership.onTaken(() =>
    queueMicrotask(() => raise(new AppError('NODE_NAME_TAKEN', `another process has taken the node name "${needs.node}"`))),
  )
  return membership
}

function callSettings(config: Config): CallSettings {
  return {
    recordsFolder: join(config.data, 'calls'),
    retentionDays: config.retentionDays,
    callBackMinutes: config.emergency.callBackMinutes,
    busyGraceMs: config.calls.busyGraceMilliseconds,
    emergencyStopSeconds: config.emergency.stopSeconds,
    unproven: unprovenLimits(config),
  }
}

function raise(fault: AppError): never {
  throw fault
}

interface ConsoleNeeds extends Pick<DeskNeeds, 'store' | 'srf'>, Desk {
  readonly isStopping: () => boolean
}

async function openConsole(ground: Ground, { store, srf, trunks, secretCheck, isStopping }: ConsoleNeeds): Promise<string> {
  const { config, metrics, lifecycle } = ground
  const readiness = (): string[] => [
    ...(isStopping() ? ['the node is stopping'] : []),
    ...(srf.connected ? [] : ['the SIP server is lost']),
    ...(secretCheck.trouble === null ? [] : [secretCheck.trouble]),
    ...store.condition().reasons,
  ]
  // Calls are taken already; what serves HTTP takes a while to compile.
  const { createConsole } = await import('./console/console.js')
  const opened = await createConsole({
    ...config.http,
    metrics,
    readiness,
    warnings: () => [...trunks.warnings(), ...store.condition().warnings],
    identity: { node: config.node, site: config.site, network: config.network, process: thisProcess() },
    log: part(ground, 'console'),
  })
  return lifecycle.opened(opened, 'console', (server) => server.close()).url
}
