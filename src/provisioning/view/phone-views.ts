import type { DeviceId, Extension } from '../../base/identity.js'
import { parseExtension } from '../../base/identity.js'
import type { Directory } from '../../directory/directory.js'
import { modelIn } from '../../phone-models/phone-models.js'
import type { Store } from '../../store/store.js'
import type { PhoneLine, PhoneView, SipServer } from './phone-view.js'
import { phoneViewOf } from './view-of-phone.js'

/** URLs of the phone's own folder, which end with `/` and contain a secret; null while none can be made. */
export interface PhoneFolders {
  /** Opens everything: the phone fetches its configuration from here from now on. Null if it does so already, too. */
  readonly own: string | null
  /** Opens directories and the call log only. */
  readonly pages: string | null
}

export interface PhoneViewsNeeds {
  readonly store: Pick<Store, 'replica' | 'clock'>
  readonly directory: Pick<Directory, 'device' | 'user' | 'site' | 'nodes'>
  readonly line: Pick<PhoneLine, 'domain' | 'expiresSeconds'>
  /** Where phones register; empty: at the nodes of their site. */
  readonly servers: readonly SipServer[]
}

export interface ViewedPhone {
  readonly device: DeviceId
  readonly userAgent: string
  readonly folders: PhoneFolders
  /** Who is logged in there. */
  readonly loggedIn: Extension | null
}

/** Phones renew subscriptions of lamps in this time. */
const subscribeSeconds = 1_800
/** A phone keeps a second server for when the first is lost; more do not fit into the settings of every make. */
const mostServers = 2

/** Collects what the view of a phone depends on. The answer is null for a phone that is unknown or has no password. */
export function createPhoneViews({ store, directory, line, servers }: PhoneViewsNeeds): (phone: ViewedPhone) => PhoneView | null {
  const network = {
    site: directory.site,
    nameOf(text: string) {
      const extension = parseExtension(text)
      return extension && (directory.user(extension)?.name ?? null)
    },
    get year() {
      return new Date(store.clock.now()).getUTCFullYear()
    },
  }

  function nodesOf(site: string): readonly SipServer[] {
    const nodes = directory.nodes().toSorted((one, other) => one.name.localeCompare(other.name, 'en'))
    const own = nodes.filter((node) => node.site === site)
    return (own.length > 0 ? own : nodes).flatMap(({ sip }) => serverIn(sip) ?? []).slice(0, mostServers)
  }

  return ({ device: id, userAgent, folders, loggedIn }) => {
    const device = directory.device(id)
    if (!device?.password) return null
    const record = store.replica.hash(`device:${id}`)
    const user = loggedIn ?? device.owner
    const pages = folders.pages === null ? null : `${folders.pages}pages/`
    return phoneViewOf({
      device,
      password: device.password,
      model: modelIn(userAgent, device.model),
      user: user === null ? null : directory.user(user),
      isLoggedIn: loggedIn !== null,
      isDraining: record?.get('state') === 'draining',
      line: { ...line, servers: servers.length > 0 ? servers : nodesOf(device.site), subscribeSeconds },
      folder: folders.own,
      pages: pages === null ? null : { central: `${pages}central`, personal: `${pages}personal`, calls: `${pages}calls` },
      epoch: record?.get('epoch') ?? '0',
      network,
    })
  }
}

/** `udp:192.0.2.10:5060` */
function serverIn(sip: string): SipServer | null {
  const parts = /^(udp|tcp|tls):(?:\[([0-9a-fA-F:.]{2,45})\]|([^:[\]]{1,253})):([0-9]{1,5})$/.exec(sip)
  const host = parts?.[2] ?? parts?.[3]
  return parts && host !== undefined ? { transport: parts[1] as SipServer['transport'], host, port: Number(parts[4]) } : null
}
