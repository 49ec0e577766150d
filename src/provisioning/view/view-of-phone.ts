import type { SiteName } from '../../base/identity.js'
import type { Secret } from '../../base/secret.js'
import type { Device, Site, User } from '../../directory/directory.js'
import { type PhoneModel, zoneRules } from '../../phone-models/phone-models.js'
import { globalEmergencyNumbers } from '../../sip/uri/dialled.js'
import { keyViews } from './key-views.js'
import type { PhoneLine, PhonePages, PhoneState, PhoneView } from './phone-view.js'

export interface PhoneFacts {
  readonly device: Device
  readonly password: Secret
  readonly model: PhoneModel
  /** Who is logged in, or the owner of the phone. */
  readonly user: User | null
  /** Whether `user` has logged in and not only owns the phone. */
  readonly isLoggedIn: boolean
  readonly isDraining: boolean
  readonly line: PhoneLine
  readonly folder: string | null
  readonly pages: PhonePages | null
  readonly epoch: string
  readonly network: PhoneNetwork
}

/** What the view needs of the rest of the network. */
export interface PhoneNetwork {
  site(id: SiteName): Site | null
  nameOf(extension: string): string | null
  readonly year: number
}

/** Pure: the same facts give the same view. */
export function phoneViewOf(facts: PhoneFacts): PhoneView {
  const { device, model, network, line, epoch } = facts
  const user = userIn(facts)
  const site = network.site(device.site)
  const language = user?.language ?? site?.language ?? 'en'
  const codes = site?.codes.named
  return {
    device: device.id,
    site: device.site,
    mac: device.mac,
    model,
    state: stateOf(facts),
    line: { ...line, userId: device.id, password: facts.password },
    display: displayOf(device, user),
    user: user ? { extension: user.extension, name: user.name } : null,
    language,
    zone: zoneRules(site?.timezone ?? 'UTC', network.year),
    ...keyViews({ device, model, user, isLoggedIn: facts.isLoggedIn, site, language, nameOf: network.nameOf }),
    dialling: {
      codes: site?.codes.closed ?? [],
      emergency: emergencyFor(site, user ? network.site(user.home) : null),
      pickUp: codes?.get('pick-up') ?? null,
      voicemail: user ? (codes?.get('voicemail') ?? null) : null,
    },
    folder: facts.folder,
    pages: user ? facts.pages : null,
    epoch,
  }
}

/** Whom the phone shows. A disabled owner is nobody: all others have been logged out. */
function userIn({ user, isDraining }: PhoneFacts): User | null {
  return user?.enabled && !isDraining ? user : null
}

function stateOf(facts: PhoneFacts): PhoneState {
  const { device, isDraining } = facts
  const user = userIn(facts)
  if (isDraining) return 'draining'
  if (user === null) return 'idle'
  return user.home === device.site ? 'home' : 'visitor'
}

function displayOf({ id }: Device, user: User | null): PhoneView['display'] {
  if (user === null) return { name: id, number: id, label: id }
  const { name, extension } = user
  return { name, number: extension, label: name === extension ? extension : `${extension} ${name}` }
}

/** The numbers of the site, those that the user knows from home, and those of every site. */
function emergencyFor(site: Site | null, home: Site | null): readonly string[] {
  return [...new Set([...(site?.emergency ?? []), ...(home?.emergency ?? []), ...globalEmergencyNumbers])]
}
