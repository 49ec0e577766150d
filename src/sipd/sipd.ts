import type { Clock, Milliseconds } from '../base/clock.js'
import type { ListenAddress } from '../base/listen-address.js'
import type { Logger } from '../base/logger.js'
import type { Secret } from '../base/secret.js'
import { defaultTimerBase } from '../sip/timers.js'
import { createAdminServer } from './admin/admin-server.js'
import { createCallRecords } from './admin/call-records.js'
import { createRegistry } from './admin/registry.js'
import { createUserAgent } from './dialog/user-agent.js'
import { createTransactionLayer } from './transaction/create-transaction-layer.js'
import { createWaitingRoom } from './waiting-room.js'

export interface SipdNeeds {
  readonly listen: readonly ListenAddress[]
  /** The host that Via, Contact and Record-Route show instead of the listen address; null: the listen address itself. */
  readonly advertise: string | null
  readonly admin: { readonly address: string; readonly port: number }
  readonly secret: Secret
  readonly clock: Clock
  readonly log: Logger
  /** RFC 3261 §17 T1, T2, T4 in milliseconds; the RFC's by default. */
  readonly timers?: { readonly t1: number; readonly t2: number; readonly t4: number }
  /** How long requests wait for the first application that takes INVITEs, before they hear 503; 0 by default. */
  readonly patienceMs?: Milliseconds
}

/** The embedded SIP server: RFC 3261 towards the network, drachtio's admin wire towards the application. */
export interface Sipd {
  /** What is really bound. */
  readonly listening: readonly ListenAddress[]
  readonly admin: { readonly address: string; readonly port: number }
  close(): Promise<void>
}

/** @throws AppError PORT_IN_USE, ADDRESS_UNAVAILABLE */
export async function createSipd(needs: SipdNeeds): Promise<Sipd> {
  const { clock, log, timers = defaultTimerBase, patienceMs = 0 } = needs
  const { layer, open } = createWaitingRoom({ layer: await createTransactionLayer(needs), clock, patienceMs })
  const registry = createRegistry((verb) => verb === 'invite' && open())
  const userAgent = createUserAgent({ layer, applications: registry, records: createCallRecords(registry, clock), clock, log, timers })
  const { listening } = layer
  try {
    const admin = await createAdminServer({ ...needs.admin, secret: needs.secret, registry, userAgent, listening, log })
    return {
      listening: listening.map(({ protocol, local }) => ({ protocol, ...local })),
      admin: { address: admin.address, port: admin.port },
      async close() {
        await admin.close()
        await layer.close()
      },
    }
  } catch (fault) {
    await layer.close()
    throw fault
  }
}
