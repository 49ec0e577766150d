import { type AdminServer, createAdminServer } from './admin/admin-server.js'
import { createCallRecords } from './admin/call-records.js'
import { withOutbound } from './admin/outbound.js'
import { createRegistry } from './admin/registry.js'
import type { LocalSipd, SipdNeeds } from './contract.js'
import { createUserAgent, type UserAgent, type UserAgentNeeds } from './core/user-agent.js'
import { createStartQueue } from './start-queue.js'
import { createTransactionLayer, type TransactionLayerNeeds } from './transaction/open-transaction-layer.js'

export type * from './contract.js'
export { settled } from './drain.js'
export { measureSipd } from './measure.js'
export type { Recorded, RecordedMessage } from './recording.js'
export { createSipdThread, type SipdThreadNeeds } from './thread/sipd-thread.js'
export type { ChallengeTerms, KnownSources } from './transaction/admission/sources/known-sources.js'
export type { TlsIdentity } from './transport/tls.js'

/** Also takes functions, which cannot be passed to a thread. */
export type LocalSipdNeeds = SipdNeeds & Pick<TransactionLayerNeeds, 'openDatagramSocket' | 'dns'> & Pick<UserAgentNeeds, 'maxDialogs'>

/** Starts the server in this thread. @throws AppError PORT_IN_USE, ADDRESS_UNAVAILABLE, CONFIG_INVALID */
export async function createSipd(needs: LocalSipdNeeds): Promise<LocalSipd> {
  const { clock, log, timers, patienceMs = 0, maxDialogs, reportsTrying } = needs
  const transactions = await createTransactionLayer(needs)
  if (needs.knownSources) transactions.setKnownSources(needs.knownSources)
  const { layer, open } = createStartQueue({ layer: transactions, clock, patienceMs })
  const registry = createRegistry((verb) => verb === 'invite' && open())
  let admin: AdminServer | null = null
  const applications = withOutbound({
    registry,
    routes: needs.outbound ?? [],
    dial: (place) => admin?.dial(place) ?? null,
    userAgent: () => userAgent,
    clock,
    log,
  })
  const userAgent: UserAgent = createUserAgent({
    layer,
    applications,
    records: createCallRecords(registry, clock),
    clock,
    log,
    timers,
    maxDialogs,
    reportsTrying,
  })
  const { listening } = layer
  try {
    const { tls = null, secret } = needs
    const served = await createAdminServer({ ...needs.admin, tls, secret, registry, userAgent, listening, clock, log })
    admin = served
    return {
      listening: listening.map(({ protocol, local }) => ({ protocol, ...local })),
      admin: { address: served.address, port: served.port },
      // A failure rejects the promise, as with a thread.
      async renewTls(identity) {
        transactions.renewTls(identity)
        served.renewTls(identity)
        await Promise.resolve()
      },
      async setLogLevel(level) {
        log.level = level
        await Promise.resolve()
      },
      async setKnownSources(sources) {
        transactions.setKnownSources(sources)
        await Promise.resolve()
      },
      async closeIdle(flows) {
        transactions.closeIdle(flows, userAgent.connectionsInCall())
        await Promise.resolve()
      },
      counts: () =>
        Promise.resolve({
          ...transactions.counts(),
          ...transactions.load(),
          dialogs: userAgent.dialogs,
          unfinished: userAgent.unfinished,
          shed: userAgent.shed,
          unread: served.unread,
          resumptions: served.resumptions,
          applications: served.applications,
          restarts: 0,
        }),
      // A failure rejects the promise, as with a thread.
      recorded: async (search) => await Promise.resolve(transactions.recorded(search)),
      async close() {
        await served.close()
        await layer.close()
      },
    }
  } catch (fault) {
    await layer.close()
    throw fault
  }
}
