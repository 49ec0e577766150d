import type { DeviceId, Extension } from '../../base/identity.js'
import { parseExtension } from '../../base/identity.js'
import type { Config } from '../../config/config.js'
import { type Directory, phoneRecordOf } from '../../directory/directory.js'
import { createPhoneViews } from '../../provisioning/provisioning.js'
import type { Store } from '../../store/store.js'

/** What a phone shows, as a node of this configuration sees it. */
export function createPhoneViewer(config: Config, directory: Directory, { replica, clock }: Store) {
  const { sip, registration, provisioning } = config
  const line = { domain: sip.domain, expiresSeconds: registration.defaultSeconds }
  const viewOf = createPhoneViews({ store: { replica, clock }, directory, line, servers: provisioning.servers })
  // Tokens are secrets, and nobody fetches anything with those of a preview.
  const folder = `${provisioning.url}/p/[token]/`

  function userOn(device: DeviceId): Extension | null {
    return parseExtension(replica.hash('devices')?.get(device) ?? '')
  }

  return {
    /** Null for a phone without a password. */
    now: (device: DeviceId) => view(device, userOn(device)),
    /** With that user logged in; null: nobody. */
    with: (device: DeviceId, user: Extension | null) => view(device, user),
  }

  function view(device: DeviceId, loggedIn: Extension | null) {
    const userAgent = phoneRecordOf(replica, device).agent ?? ''
    return viewOf({ device, userAgent, folders: { own: folder, pages: folder }, loggedIn })
  }
}
