import { thisProcess } from '../base/host/process-identity.js'
import type { SipApplication } from '../srf/srf.js'
import type { Store } from '../store/store.js'
import type { Webhooks } from '../webhooks/webhooks.js'
import type { NetworkMember } from './network-member.js'
import { type NodeContext, partLog } from './node-context.js'
import type { Telephony } from './telephony.js'

export interface HttpParts extends Pick<Telephony, 'trunks'>, Pick<NetworkMember, 'secretCheck'> {
  readonly store: Store
  readonly webhooks: Pick<Webhooks, 'warnings'>
  readonly srf: SipApplication
  readonly isStopping: () => boolean
  readonly isDraining: () => boolean
}

/** Opens HTTP. Answers the URL of health and metrics. */
export async function openHttp(context: NodeContext, parts: HttpParts): Promise<string> {
  const { config, lifecycle } = context
  // Loaded only now: the node already accepts calls, and the HTTP server takes a while to compile.
  const [{ createHttpServer }, { addConsole }] = await Promise.all([import('../http/http.js'), import('../console/console.js')])
  const server = createHttpServer({ ...config.http, tls: null, limits: monitorLimits, log: partLog(context, 'http') })
  lifecycle.opened(server, 'http', (opened) => opened.close())
  addConsole(server.router, consoleNeeds(context, parts))
  return server.open()
}

const monitorLimits = { total: 512, perSource: 64 }

function consoleNeeds({ config, metrics }: NodeContext, parts: HttpParts) {
  const { store, srf, trunks, webhooks, secretCheck, isStopping, isDraining } = parts
  return {
    metrics,
    readiness: (): string[] => [
      ...(isStopping() ? ['the node is stopping'] : []),
      ...(isDraining() ? ['the node is draining: `hotdesk undrain` ends that'] : []),
      ...(srf.connected ? [] : ['the SIP server is lost']),
      ...(secretCheck.trouble === null ? [] : [secretCheck.trouble]),
      ...store.condition().reasons,
    ],
    warnings: () => [...trunks.warnings(), ...webhooks.warnings(), ...store.condition().warnings],
    identity: { node: config.node, site: config.site, network: config.network, process: thisProcess() },
  }
}
