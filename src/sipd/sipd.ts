import { defaultTimerBase } from '../sip/timers.js'
import { createAdminServer } from './admin/admin-server.js'
import { createCallRecords } from './admin/call-records.js'
import { createRegistry } from './admin/registry.js'
import type { LocalSipd, SipdNeeds } from './contract.js'
import { createUserAgent } from './dialog/user-agent.js'
import { createTransactionLayer } from './transaction/create-transaction-layer.js'
import { createWaitingRoom } from './waiting-room.js'

export type * from './contract.js'
export { measureSipd } from './measure.js'
export { createSipdThread, type SipdThreadNeeds } from './thread/sipd-thread.js'
export type { TlsIdentity } from './transport/tls.js'

/** In this thread. @throws AppError PORT_IN_USE, ADDRESS_UNAVAILABLE, CONFIG_INVALID */
export async function createSipd(needs: SipdNeeds): Promise<LocalSipd> {
  const { clock, log, timers = defaultTimerBase, patienceMs = 0 } = needs
  const transactions = await createTransactionLayer(needs)
  const { layer, open } = createWaitingRoom({ layer: transactions, clock, patienceMs })
  const registry = createRegistry((verb) => verb === 'invite' && open())
  const userAgent = createUserAgent({ layer, applications: registry, records: createCallRecords(registry, clock), clock, log, timers })
  const { listening } = layer
  try {
    const admin = await createAdminServer({ ...needs.admin, secret: needs.secret, registry, userAgent, listening, log })
    return {
      listening: listening.map(({ protocol, local }) => ({ protocol, ...local })),
      admin: { address: admin.address, port: admin.port },
      // A refusal is told as the thread's would be: by the promise.
      renewTls: (identity) => Promise.resolve(identity).then(transactions.renewTls),
      counts: () =>
        Promise.resolve({
          ...transactions.counts(),
          ...transactions.load(),
          dialogs: userAgent.dialogs,
          unfinished: userAgent.unfinished,
          applications: admin.applications,
          restarts: 0,
        }),
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
