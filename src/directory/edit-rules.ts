import { errors } from '../base/errors.js'
import type { Extension } from '../base/identity.js'
import type { DeviceEdit, EditOutcome, Site } from './contract.js'
import type { Macs } from './mac-addresses.js'

type Hash = ReadonlyMap<string, string>

/** What dialling an extension means at any site of the network other than calling its user; null: nothing. */
export function meaningAtSites(extension: Extension, sites: readonly Site[]): string | null {
  const help = sites.find(({ emergency }) => emergency.includes(extension))
  if (help) return `${extension} is an emergency number of ${help.id}`
  const code = sites.find(({ reserved }) => reserved === extension)
  return code ? `the login code of ${extension} would read like the logout code of ${code.id}` : null
}

/** The phone is said to be at another site, and nothing is said of its location there: emergency calls would tell the old one. */
export function keepsOldLocation(edit: DeviceEdit, present: Hash): boolean {
  return isMove(edit, present) && edit.location === undefined && (present.get('location') ?? '') !== ''
}

export function withoutLocation(present: Hash): string {
  return `its location would still be "${present.get('location') ?? ''}", and emergency calls would tell it: name the location at the new site as well (location)`
}

/** An emergency number of the old site does not follow the phone: without one of its own it shows the number of its new site. */
export function moved(edit: DeviceEdit, present: Hash): DeviceEdit {
  return isMove(edit, present) && edit.elin === undefined && present.has('elin') ? { ...edit, elin: null } : edit
}

function isMove({ site }: DeviceEdit, present: Hash): boolean {
  const now = present.get('site')
  return site !== undefined && now !== undefined && now !== '' && site !== now
}

/** Why the phone cannot have the hardware address that it is given; null: it can, as far as the copy knows. */
export function macTaken(id: string, { mac }: DeviceEdit, macs: Macs): string | null {
  const holder = mac ? macs.deviceWith(mac) : null
  return mac && holder !== null && holder !== id ? `the hardware address ${mac} is that of ${holder}` : null
}

/** The words of `hotdesk_put`. @throws AppError STORE_PROTOCOL for a word that is not on its list */
export function readPut(reply: string, key: string): EditOutcome {
  const [word = '', detail = ''] = reply.split(' ')
  switch (word) {
    case 'SAVED':
    case 'EXISTS':
    case 'UNKNOWN':
      return { outcome: word }
    case 'MAC_OF':
      return { outcome: 'REFUSED', reasons: [`another operator has just given this hardware address to ${detail}`] }
    case 'NO_OWNER':
      return { outcome: 'REFUSED', reasons: [`there is no user ${detail} who could be its owner`] }
    case 'WRONG_TYPE':
      throw errors.STORE_PROTOCOL.otherType({ key, type: detail })
    default:
      throw errors.STORE_PROTOCOL.replyAbout({ what: 'hotdesk_put', reply })
  }
}
