import { errors } from '../../base/errors.js'
import { type NodeName, parseNodeName, parseSiteName, type SiteName } from '../../base/identity.js'
import { callingPhone, type RouteExplainer } from '../../calls/calls.js'
import type { Config } from '../../config/config.js'
import type { Directory } from '../../directory/directory.js'

export interface WhyOptions {
  readonly from?: string
  readonly site?: string
  /** A node or a site. */
  readonly at?: string
}

/** Where the call arrives. */
export interface Place {
  readonly site: SiteName
  /** null if no node of the site is up. */
  readonly node: NodeName | null
}

export interface PlaceNeeds {
  readonly config: Config
  readonly directory: Directory
  readonly explainer: RouteExplainer
}

/** The node or site that is named, else where the caller's phone is registered, else this node. @throws AppError UNKNOWN_CALLER, CONFIG_INVALID */
export function placeOf({ from, site, at }: WhyOptions, needs: PlaceNeeds): Place {
  const { config, directory, explainer } = needs
  const node = at === undefined ? null : parseNodeName(at)
  const named = node && directory.node(node)
  if (named) return { site: named.site, node: named.name }
  const device = from === undefined ? null : callingPhone(from, needs)
  const registered = device && (explainer.bindingsOf(device.id)[0]?.node ?? null)
  const ofPhone = (registered && directory.node(registered)?.site) ?? device?.site
  const place = at === undefined && site === undefined ? (ofPhone ?? config.site) : siteNamed(at ?? site ?? '')
  const isThere = registered !== null && directory.node(registered)?.site === place
  return { site: place, node: isThere ? registered : anyNode(place, needs) }
}

/** The configured node if it belongs to the site, else the first by name that is not draining, if there is one. */
function anyNode(site: SiteName, { config, directory }: PlaceNeeds): NodeName | null {
  const nodes = directory.nodes().filter((node) => node.site === site)
  const open = nodes.filter(({ isDraining }) => !isDraining)
  const names = (open.length > 0 ? open : nodes).map(({ name }) => name)
  return nodes.find(({ name }) => name === config.node)?.name ?? names.toSorted()[0] ?? null
}

function siteNamed(site: string): SiteName {
  const name = parseSiteName(site)
  if (!name) throw errors.CONFIG_INVALID.siteName({ site })
  return name
}
