import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { errors } from '../../base/errors.js'
import { type Extension, type NodeName, parseDeviceId, parseExtension, parseSiteName, type SiteName } from '../../base/identity.js'
import type { Dialler, RouteExplainer, WhyContext } from '../../calls/calls.js'
import type { Config } from '../../config/config.js'
import type { Trunk } from '../../dialplan/dialplan.js'
import type { Device, Directory } from '../../directory/directory.js'
import { readDialplan } from '../settings.js'

/** The assumed caller, and the site and node where the call arrives. */
export interface Scene {
  readonly at: WhyContext
  readonly site: SiteName
  /** null if no node of the site is up. */
  readonly node: NodeName | null
  readonly caller:
    | ({ readonly kind: 'phone' } & Dialler)
    | { readonly kind: 'trunk'; readonly trunk: Trunk }
    /** Any user who is logged in at the site. */
    | { readonly kind: 'anybody' }
  /** What else would prevent the call now. */
  readonly remarks: readonly string[]
}

export interface SceneNeeds {
  readonly config: Config
  readonly directory: Directory
  readonly explainer: RouteExplainer
}

/** @throws AppError UNKNOWN_CALLER; COMMAND_REFUSED if the dial plan is on another machine; CONFIG_INVALID for an invalid site name */
export function sceneOf({ from, site }: { readonly from?: string; readonly site?: string }, needs: SceneNeeds): Scene {
  const { config, directory, explainer } = needs
  const device = from === undefined ? null : phoneOf(from, needs)
  const registered = device && (explainer.bindingsOf(device.id)[0]?.node ?? null)
  const place = site === undefined ? (siteOf(registered, device, needs) ?? config.site) : siteNamed(site)
  const dialplan = readDialplan({ ...config, site: place, dialplan: planOf(place, config) })
  const node = registered !== null && directory.node(registered)?.site === place ? registered : anyNode(place, needs)
  const remarks = [
    ...(device && registered === null ? [`${device.id} is not registered; this shows what would happen if it were`] : []),
    ...(node === null ? [`no node of ${place} is up, so the call is not accepted`] : []),
  ]
  return { at: { node: node ?? config.node, dialplan }, site: place, node, caller: callerOf(), remarks }

  function callerOf(): Scene['caller'] {
    if (from === undefined) return { kind: 'anybody' }
    if (device) return { kind: 'phone', ...explainer.diallerOn(device) }
    const trunk = dialplan.trunks.find(({ name }) => name === from)
    if (trunk) return { kind: 'trunk', trunk }
    throw errors.UNKNOWN_CALLER.neither({ site: place })
  }
}

/** The phone, or the one where the user is logged in; null if the name may be a trunk. */
function phoneOf(from: string, { directory, explainer }: SceneNeeds): Device | null {
  const extension = parseExtension(from)
  if (extension) return assignedPhone(extension, directory, explainer)
  const id = parseDeviceId(from)
  return id && directory.device(id)
}

function assignedPhone(extension: Extension, directory: Directory, explainer: RouteExplainer): Device {
  const user = directory.user(extension)
  if (!user) throw errors.UNKNOWN_CALLER.noUser({ extension })
  const [device] = explainer.phonesOf(user)
  if (!device) throw errors.UNKNOWN_CALLER.loggedOut({ extension })
  return device
}

/** The site of the node where the phone is registered, else of the phone. */
function siteOf(registered: NodeName | null, device: Device | null, { directory }: SceneNeeds): SiteName | null {
  return (registered && directory.node(registered)?.site) ?? device?.site ?? null
}

/** The configured node if it belongs to the site, else the first by name. */
function anyNode(site: SiteName, { config, directory }: SceneNeeds): NodeName | null {
  const names = directory.nodes().flatMap((node) => (node.site === site ? [node.name] : []))
  return names.find((name) => name === config.node) ?? names.toSorted()[0] ?? null
}

function siteNamed(site: string): SiteName {
  const name = parseSiteName(site)
  if (!name) throw errors.CONFIG_INVALID.siteName({ site })
  return name
}

/** Dial plans of other sites are expected beside the configured one. */
function planOf(site: SiteName, config: Config): string {
  if (site === config.site) return config.dialplan
  const beside = join(dirname(config.dialplan), `${site}.yaml`)
  if (existsSync(beside)) return beside
  throw errors.COMMAND_REFUSED.planElsewhere({ site, file: beside })
}
