import { randomBytes } from 'node:crypto'
import type { Clock, Milliseconds } from './base/clock.js'
import { createEmitter } from './base/emitter.js'
import type { Lifecycle } from './base/lifecycle.js'
import type { Level, Logger } from './base/logger.js'
import type { Metrics } from './base/metrics.js'
import { Secret } from './base/secret.js'
import type { Config } from './config/config.js'
import { type TlsPair, tlsPairOf } from './config/tls-files.js'
import { followTlsFiles } from './config/tls-renewal.js'
import type { Dialplan } from './dialplan/dialplan.js'
import { createSipd, createSipdThread, measureSipd, type Sipd, settled, type TlsIdentity } from './sipd/sipd.js'
import type { createSrf } from './srf/srf.js'

/** The SIP server that the configuration names. */
export interface SipServer {
  readonly admin: Parameters<typeof createSrf>[0]['admin']
  /** Null for a drachtio-server, which has its own protection. */
  readonly setKnownSources: Sipd['setKnownSources'] | null
  /** Null for a drachtio-server, which cannot be asked for this. */
  readonly closeIdle: Sipd['closeIdle'] | null
  /** Null for a drachtio-server. */
  readonly recorded: Sipd['recorded'] | null
  /** Reports closed connections of phones, as `tcp 192.0.2.7:40312`. Answers a function that removes the listener. */
  readonly onFlowGone: (listener: (flow: string) => void) => () => void
  readonly setLogLevel: (level: Level) => Promise<void>
  /** See `settled` of sipd. A drachtio-server outlives the node and retransmits by itself. */
  readonly settled: (withinMs: Milliseconds) => Promise<void>
}

export interface SipServerNeeds {
  readonly config: Pick<Config, 'drachtio' | 'sip'>
  readonly clock: Clock
  readonly log: Logger
  readonly metrics: Metrics
  readonly lifecycle: Lifecycle
}

/** The name under which the embedded server is closed. */
export const sipServer = 'SIP server'

/** Calls that arrive while the node starts wait for this time before they are refused. */
const startPatienceMs: Milliseconds = 6_000

/**
 * Starts the embedded SIP server, unless a drachtio-server is configured. @throws AppError PORT_IN_USE, ADDRESS_UNAVAILABLE, CONFIG_INVALID
 */
export async function openSipServer(
  { config, clock, log, metrics, lifecycle }: SipServerNeeds,
  { emergencyDialled }: Pick<Dialplan, 'emergencyDialled'>,
): Promise<SipServer> {
  const gone = createEmitter<[string]>((fault) => log.error({ event: 'node.fault', err: fault }, 'a listener failed'))
  if (config.drachtio !== 'embedded')
    return {
      admin: config.drachtio,
      setKnownSources: null,
      closeIdle: null,
      recorded: null,
      onFlowGone: gone.on,
      setLogLevel: () => Promise.resolve(),
      settled: () => Promise.resolve(),
    }
  const { thread, tls: files, aliases: _aliases, digest: _digest, sessionSeconds: _session, ...sip } = config.sip
  const secret = new Secret(randomBytes(16).toString('hex'))
  const pair = files && tlsPairOf(files)
  const needs = {
    ...sip,
    tls: pair && identityOf(pair),
    admin: { address: '127.0.0.1', port: 0 },
    secret,
    patienceMs: startPatienceMs,
    emergency: emergencyDialled,
    reportsTrying: true,
    flowGone: gone.emit,
    clock,
    log,
  }
  const sipd = await (thread === 'own' ? createSipdThread(needs) : createSipd(needs))
  lifecycle.opened(sipd, sipServer, (opened) => opened.close())
  measureSipd(sipd, metrics)
  const showUntil = ({ until }: TlsPair): void => metrics.sip.certificateExpiry.set(until / 1_000)
  const renew = async (renewed: TlsPair): Promise<void> => {
    await sipd.renewTls(identityOf(renewed))
    showUntil(renewed)
  }
  if (pair) showUntil(pair)
  if (files && pair)
    lifecycle.opened(followTlsFiles({ files, present: pair, renew, clock, log }), 'TLS renewal', (opened) => opened.close())
  const admin = { host: sipd.admin.address, port: sipd.admin.port, secret, reportsTrying: true, restores: true }
  return {
    admin,
    setKnownSources: sipd.setKnownSources,
    closeIdle: sipd.closeIdle,
    recorded: sipd.recorded,
    onFlowGone: gone.on,
    setLogLevel: sipd.setLogLevel,
    settled: (withinMs) => settled(sipd, withinMs, clock),
  }
}

/** For outgoing connections the authorities of the system are trusted. */
function identityOf({ certificate, key }: TlsPair): TlsIdentity {
  return { certificate, key, authorities: null }
}
