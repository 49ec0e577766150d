import { createProvisioning, type Provisioning, type ProvisioningNeeds } from '../provisioning/provisioning.js'
import { type NodeContext, partLog } from './node-context.js'

/** The part that makes configurations of phones. It gets its routes when HTTP opens. */
export function openProvisioning(context: NodeContext, parts: ProvisioningNeeds['parts']): Provisioning {
  const { config, clock, metrics, lifecycle } = context
  const { site, network, secret, sip, registration, provisioning } = config
  const opened = createProvisioning({
    parts,
    site,
    network,
    secret,
    realm: sip.domain,
    algorithms: sip.digest.algorithms,
    url: provisioning.url,
    networks: provisioning.networks,
    line: { domain: sip.domain, expiresSeconds: registration.defaultSeconds, servers: provisioning.servers },
    templatesFolder: provisioning.templates,
    clock,
    metrics,
    log: partLog(context, 'provisioning'),
  })
  return lifecycle.opened(opened, 'provisioning', async ({ close }) => close())
}
