import type { Clock } from '../../../src/base/clock.js'
import { systemClock } from '../../../src/base/clock.js'
import { silentLogger } from '../../../src/base/logger.js'
import { Secret } from '../../../src/base/secret.js'
import { createSipd, type KnownSources, type LocalSipd, type LocalSipdNeeds, type OutboundRoute } from '../../../src/sipd/sipd.js'
import { openWireApplication, type WireApplication } from '../admin-wire/wire-application.js'
import { openTcpPhone, openUdpPeer, type SipPeer } from './sip-peer.js'

/** A sipd on loopback with an application and peers; everything closes with the stage. */
export interface SipdStage {
  readonly sipd: LocalSipd
  readonly udp: number
  readonly tcp: number
  application(verbs?: readonly string[]): Promise<WireApplication>
  udpPeer(): Promise<SipPeer>
  tcpPhone(): Promise<SipPeer>
  /** Closes with the stage. */
  keep<Thing extends { close(): Promise<void> }>(thing: Thing): Thing
  close(): Promise<void>
}

export interface SipdStageOptions {
  /** T1; the other timers follow. Short, so that what takes 64 × T1 can be awaited. */
  readonly t1?: number
  /** T2; 8 × T1 by default, as the RFC has it. */
  readonly t2?: number
  readonly clock?: Clock
  readonly listen?: LocalSipdNeeds['listen']
  readonly flowGone?: NonNullable<LocalSipdNeeds['flowGone']>
  readonly outbound?: readonly OutboundRoute[]
  readonly openDatagramSocket?: LocalSipdNeeds['openDatagramSocket']
  readonly dns?: LocalSipdNeeds['dns']
  readonly maxDialogs?: number
  readonly reportsTrying?: boolean
  readonly patienceMs?: number
  readonly knownSources?: KnownSources | null
}

const oneUdpOneTcp: LocalSipdNeeds['listen'] = [
  { protocol: 'udp', address: '127.0.0.1', port: 0 },
  { protocol: 'tcp', address: '127.0.0.1', port: 0 },
]

export async function openSipdStage(options: SipdStageOptions = {}): Promise<SipdStage> {
  const { t1 = 500, t2 = t1 * 8, clock = systemClock, listen = oneUdpOneTcp, outbound = [], openDatagramSocket, dns, ...others } = options
  const sipd = await createSipd({
    listen,
    advertise: null,
    admin: { address: '127.0.0.1', port: 0 },
    outbound,
    secret: new Secret('cymru'),
    clock,
    log: silentLogger(),
    ...(openDatagramSocket && { openDatagramSocket }),
    ...(dns && { dns }),
    ...others,
    timers: { t1, t2, t4: t1 * 10 },
  })
  const udp = sipd.listening[0]?.port ?? 0
  const tcp = sipd.listening[1]?.port ?? 0
  const kept: { close(): Promise<void> }[] = []
  function keep<Thing extends { close(): Promise<void> }>(thing: Thing): Thing {
    kept.push(thing)
    return thing
  }
  return {
    sipd,
    udp,
    tcp,
    application: async (verbs = ['invite']) => keep(await openWireApplication({ port: sipd.admin.port, verbs })),
    udpPeer: async () => keep(await openUdpPeer({ port: udp })),
    tcpPhone: async () => keep(await openTcpPhone({ port: tcp })),
    keep,
    async close() {
      for (const thing of kept.reverse()) await thing.close()
      await sipd.close()
    },
  }
}
