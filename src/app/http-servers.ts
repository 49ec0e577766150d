import { readFileSync } from 'node:fs'
import { thisProcess } from '../base/host/process-identity.js'
import { type TlsFiles, type TlsPair, tlsPairOf } from '../config/tls-files.js'
import { followTlsFiles } from '../config/tls-renewal.js'
import type { HttpServer } from '../http/http.js'
import type { SipApplication } from '../srf/srf.js'
import type { Store } from '../store/store.js'
import type { Webhooks } from '../webhooks/webhooks.js'
import type { NetworkMember } from './network-member.js'
import { type NodeContext, partLog } from './node-context.js'
import type { Telephony } from './telephony.js'

export interface HttpParts extends Pick<Telephony, 'trunks' | 'provisioning'>, Pick<NetworkMember, 'secretCheck'> {
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
  const log = partLog(context, 'http')
  const opened = (server: HttpServer): HttpServer => lifecycle.opened(server, 'http', ({ close }) => close())
  const server = opened(createHttpServer({ ...config.http, tls: null, limits: monitorLimits, log }))
  addConsole(server.router, consoleNeeds(context, parts))
  const { listen } = config.provisioning
  if (listen.length === 0) parts.provisioning.addRoutes(server.router)
  for (const { protocol, address, port } of listen) {
    const tls = protocol === 'https' ? certificates(context) : null
    const own = opened(createHttpServer({ address, port, tls: tls?.parts ?? null, limits: phoneLimits, log }))
    parts.provisioning.addRoutes(own.router)
    tls?.follow(own)
    await own.open()
  }
  return server.open()
}

const monitorLimits = { total: 512, perSource: 64 }
/** All phones of an office may have one address, and ask at once when the power is back. */
const phoneLimits = { total: 4_096, perSource: 1_024 }

/** The certificate of SIP over TLS, and its renewal. */
function certificates(context: NodeContext) {
  const { config, clock, lifecycle } = context
  // The check of the configuration has found a certificate, since there is an https:// address.
  const files = config.sip.tls as TlsFiles
  const { authorities } = config.provisioning
  const clientAuthorities = authorities === null ? null : readFileSync(authorities, 'utf8')
  const partsOf = ({ certificate, key }: TlsPair) => ({ certificate, key, clientAuthorities })
  const present = tlsPairOf(files)
  return {
    parts: partsOf(present),
    follow(server: HttpServer): void {
      const renew = async (pair: TlsPair): Promise<void> => server.renew(partsOf(pair))
      const following = followTlsFiles({ files, present, renew, clock, log: partLog(context, 'http') })
      lifecycle.opened(following, 'certificate of http', async ({ close }) => close())
    },
  }
}

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
