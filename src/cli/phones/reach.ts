import { isLoopback } from '../../base/ip-address.js'
import type { Config } from '../../config/config.js'

/** Why phones may not reach this node, and what to do; null: nothing shows that they do not. */
export function reachDoubt({
  provisioning,
  http,
}: Pick<Config, 'provisioning' | 'http'>): { readonly says: string; readonly todo: string } | null {
  const { hostname } = new URL(provisioning.url)
  if (!isLoopback(hostname.replace(/^\[|\]$/g, ''))) return null
  return provisioning.listen.length === 0
    ? { says: `phones cannot reach ${http.address}`, todo: 'set provisioning.listen, such as https://0.0.0.0:8443' }
    : { says: `phones cannot reach ${provisioning.url}`, todo: 'set provisioning.url' }
}

export function reachWarnings(config: Pick<Config, 'provisioning' | 'http'>): readonly string[] {
  const doubt = reachDoubt(config)
  return doubt ? [`${doubt.says}: ${doubt.todo}`] : []
}
