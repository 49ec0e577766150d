import { createHandlers } from './app/handlers.js'
import { openHttp } from './app/http-servers.js'
import { createLiveSettings, type ReplaceableSettings } from './app/live-settings.js'
import { type NetworkMember, openNetworkMember } from './app/network-member.js'
import { closeDeadlineMs, type NodeContext, partLog, setLogLevel, sipApplication } from './app/node-context.js'
import { createOperations, type Operations, phoneSecondsUnlessSet } from './app/operations.js'
import { createReload, type Reading, type Reload } from './app/reload.js'
import { openTelephony, type Telephony } from './app/telephony.js'
import { systemClock } from './base/clock.js'
import { messageOf } from './base/errors.js'
import { writeRunFile } from './base/host/run-file.js'
import { ClosedMeanwhile, createLifecycle } from './base/lifecycle.js'
import { createLogger, type Level } from './base/logger.js'
import { createMetrics } from './base/metrics.js'
import { tightenData } from './base/output/private-files.js'
import { createSeal } from './base/seal.js'
import type { Calls } from './calls/calls.js'
import type { Config } from './config/config.js'
import { detachEnvironment } from './config/environment.js'
import { maxConfigBytes, readTextFile } from './config/yaml/text-file.js'
import { createControl } from './control/control.js'
import { createLivePlan, type Dialplan, loadDialplan, type ReplaceablePlan } from './dialplan/dialplan.js'
import { hotdeskLibrary, streamEvents } from './hotdesk/hotdesk.js'
import { openSipServer, type SipServer } from './sip-server.js'
import { createSrf, type SipApplication } from './srf/srf.js'
import { createStore, type Store } from './store/store.js'
import { createTrace } from './trace/trace.js'
import { createWebhooks, type Webhooks } from './webhooks/webhooks.js'

/** A running node. */
export interface App {
  /** Listen addresses: `udp/192.0.2.10:5060`. */
  readonly sip: readonly string[]
  /** `http://192.0.2.10:8080` */
  readonly http: string
  readonly dialplan: Dialplan
  readonly store: Pick<Store, 'state' | 'copyFrom' | 'trouble' | 'cli' | 'condition'>
  readonly reload: Reload
  /** The node takes no new calls, and `onDrained` is called after the last one. */
  drain(by: string): void
  /** How long the node waits for emergency calls when it stops, by the settings in force. */
  stopSeconds(): number
  /** Closes all parts in reverse order. */
  close(): Promise<void>
}

export interface AppNeeds {
  /** Called when the node accepts calls, which is before it has started completely. */
  readonly onCalls?: (calls: Pick<Calls, 'emergencies'>) => void
  /** Called when the node was drained and its last call has ended: it is to be closed. */
  readonly onDrained?: () => void
  /** Aborted if the node must stop before it has started. */
  readonly stopping?: AbortSignal
  /** Reads configuration and dial plan for a reload. @throws AppError CONFIG_INVALID or DIALPLAN_INVALID */
  readonly read: () => Reading
}

/**
 * Builds a node, lowest layer first. If a part cannot be opened, those before it are closed again. Answers null if the node was stopped
 * before it had started.
 * @throws AppError if a port is in use, the dial plan is invalid, Redis has a newer library, the node name is taken …
 */
export async function createApp(
  config: Config,
  { onCalls = () => undefined, onDrained = () => undefined, stopping = neverStopping, read }: AppNeeds,
): Promise<App | null> {
  const clock = systemClock
  const log = createLogger({ ...config.log, node: config.node, site: config.site })
  const onFault = (name: string, err: unknown): void => log.error({ event: 'node.fault', err }, `${name} did not close: ${messageOf(err)}`)
  const lifecycle = createLifecycle({ clock, deadlineMs: closeDeadlineMs, onFault })
  const stop = (): void => void lifecycle.close()
  stopping.addEventListener('abort', stop)
  if (stopping.aborted) stop()
  try {
    const settings = createLiveSettings(config)
    const context = { config, settings, clock, log, metrics: createMetrics(), lifecycle, onCalls, onDrained, stopping, partLogs: new Map() }
    return await build(context, { settings, read })
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

async function build(context: NodeContext, { settings, read }: Rereading): Promise<App> {
  const { config, clock, metrics, lifecycle, log } = context
  const first = loadDialplan({
    text: readTextFile(config.dialplan, maxConfigBytes),
    file: config.dialplan,
    log: partLog(context, 'dialplan'),
  })
  const plan = createLivePlan(first, (err) => log.error({ event: 'node.fault', err }, 'a listener of the dial plan failed'))
  await lifecycle.opening(keepDataPrivate(context))
  // Each takes most of a second, one waiting for Redis, the other starting a thread.
  const parts = both(openStore(context), openSipServer({ config, clock, log: partLog(context, 'sipd'), metrics, lifecycle }, first))
  const [store, server] = await lifecycle.opening(parts)
  const srf = await lifecycle.opening(openSip(context, server))
  const member = await openNetworkMember(context, { plan, store, srf })
  let operations: Operations | null = null
  const movesPhones = (): boolean => operations?.movesPhones ?? false
  const telephony = await openTelephony(context, { plan, store, srf, server, movesPhones, ...member })
  const { trunks, provisioning } = telephony
  await lifecycle.opening(member.membership.joined)
  telephony.calls.open()
  const controlled = openControl(context, { plan, settings, read, store, server, member, telephony })
  const { reload } = controlled
  operations = controlled.operations
  const webhooks = openWebhooks(context, { store, directory: member.directory })
  let isStopping = false
  const http = await lifecycle.opening(
    openHttp(context, {
      store,
      srf,
      trunks,
      provisioning,
      webhooks,
      secretCheck: member.secretCheck,
      isStopping: () => isStopping,
      isDraining: () => operations?.drainState.draining ?? false,
    }),
  )
  leaveRunFile(context, http)
  log.info({ event: 'node.started', sip: srf.listening, http, store: store.state }, 'node started')
  return {
    sip: srf.listening,
    http,
    dialplan: first,
    store,
    reload,
    drain: (by) => controlled.operations.drain({ end: 'end', phoneMs: phoneSecondsUnlessSet * 1_000 }, by),
    stopSeconds: () => settings.current.emergency.stopSeconds,
    async close() {
      isStopping = true
      log.info({ event: 'node.stopping' }, 'node stopping')
      await lifecycle.close()
      log.info({ event: 'node.stopped' }, 'node stopped')
    },
  }
}

interface ControlParts extends Rereading {
  readonly plan: ReplaceablePlan
  readonly store: Store
  readonly server: SipServer
  readonly member: NetworkMember
  readonly telephony: Telephony
}

/** What commands ask of this node. */
function openControl(context: NodeContext, { plan, settings, read, store, server, member, telephony }: ControlParts) {
  const { config, clock, lifecycle, log, onDrained } = context
  const { node, site } = config
  const reload = createReload({
    read,
    plan,
    settings,
    readPrompts: telephony.ivr.readPrompts,
    readTemplates: telephony.provisioning.reloadTemplates,
    setLogLevel: (level) => applyLogLevel(context, server, level),
    node,
    store,
    log,
  })
  const operations = createOperations({ ...member, ...telephony, node, site, clock, log, onDone: onDrained })
  lifecycle.opened(operations, 'operations', async ({ close }) => close())
  const trace = createTrace({
    recorded: server.recorded,
    legs: telephony.calls.legs,
    isShown: telephony.calls.shows,
    directory: member.directory,
    clock,
    networkClock: store.clock,
    audit: member.hotdesk.traced,
  })
  lifecycle.opened(trace, 'traces', async ({ close }) => close())
  const handlers = createHandlers({
    ...telephony,
    plan,
    settings,
    read,
    reload,
    seal: createSeal(config.secret, config.network),
    operations,
    trace,
    clock,
    networkClock: store.clock,
  })
  const control = createControl({ store, node, handlers, log: partLog(context, 'control') })
  lifecycle.opened(control, 'control', (opened) => opened.close())
  return { reload, operations }
}

interface Rereading extends Pick<AppNeeds, 'read'> {
  readonly settings: ReplaceableSettings
}

/** The SIP server first, because only it can fail. */
async function applyLogLevel(context: NodeContext, server: SipServer, level: Level): Promise<void> {
  await server.setLogLevel(level)
  setLogLevel(context, level)
}

/** Commands on this machine find the node by this file, even without Redis. */
function leaveRunFile({ config: { data, node, network }, lifecycle, log }: NodeContext, http: string): void {
  const left = writeRunFile(data, { node, network, http })
  if ('fault' in left) log.warn({ event: 'data.exposed', reason: left.fault }, `the folder ${data} cannot be written`)
  else lifecycle.opened(left, 'run file', ({ remove }) => remove())
}

async function keepDataPrivate({ config: { data }, log }: NodeContext): Promise<void> {
  const files = await tightenData(data)
  if (files.length > 0)
    log.warn({ event: 'data.exposed', files }, `other users can read ${files.join(', ')}; change the owner to the user of this node`)
}

async function openStore(context: NodeContext): Promise<Store> {
  const { config, clock, metrics, lifecycle, stopping } = context
  const { redis, network, data, durability, functionLoading: loading } = config
  const store = await createStore({
    redis,
    network,
    data,
    durability,
    loading,
    functions: hotdeskLibrary,
    clock,
    log: partLog(context, 'store'),
    metrics,
    stopping,
  })
  return lifecycle.opened(store, 'store', (opened) => opened.close())
}

/** Waits for both, so that one is closed again if the other cannot be opened. */
async function both<First, Second>(first: Promise<First>, second: Promise<Second>): Promise<[First, Second]> {
  await Promise.allSettled([first, second])
  return [await first, await second]
}

async function openSip(context: NodeContext, { admin }: SipServer): Promise<SipApplication> {
  detachEnvironment()
  const session = { seconds: context.config.sip.sessionSeconds }
  const srf = await createSrf({ admin, session, log: partLog(context, 'srf'), stopping: context.stopping })
  return context.lifecycle.opened(srf, sipApplication, (opened) => opened.close())
}

function openWebhooks(context: NodeContext, { store, directory }: Pick<NetworkMember, 'directory'> & { readonly store: Store }): Webhooks {
  const { config, clock, metrics, lifecycle } = context
  const webhooks = createWebhooks({
    store,
    directory,
    settings: config.webhooks,
    node: config.node,
    events: Object.keys(streamEvents),
    clock,
    metrics,
    log: partLog(context, 'webhooks'),
  })
  return lifecycle.opened(webhooks, 'webhooks', (opened) => opened.close())
}
