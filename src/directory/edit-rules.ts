import { errors } from '../base/errors.js'
import type { Extension } from '../base/identity.js'
import type { DeviceEdit, EditOutcome, Site } from './contract.js'
import type { MacIndex } from './mac-addresses.js'

type Hash = ReadonlyMap<string, string>

/** What else dialing this extension means at any site of the network; null: nothing. */
export function otherMeaning(extension: Extension, sites: readonly Site[]): string | null {
  const help = sites.find(({ emergency }) => emergency.includes(extension))
  if (help) return `${extension} is an emergency number of ${help.id}`
  const code = sites.find(({ reserved }) => reserved === extension)
  return code ? `the login code of ${extension} would read like the logout code of ${code.id}` : null
}

/** The edit moves the phone to another site without a new location: emergency calls would send the old one. */
export function keepsOldLocation(edit: DeviceEdit, present: Hash): boolean {
  return isMove(edit, present) && edit.location === undefined && (present.get('location') ?? '') !== ''
}

export function withoutLocation(present: Hash): string {
  return `its location would still be "${present.get('location') ?? ''}", and emergency calls would send it: set the location at the new site as well (location)`
}

/** The phone's emergency number belongs to its old site: a move removes it, so that the number of the new site applies. */
export function moved(edit: DeviceEdit, present: Hash): DeviceEdit {
  return isMove(edit, present) && edit.elin === undefined && present.has('elin') ? { ...edit, elin: null } : edit
}

function isMove({ site }: DeviceEdit, present: Hash): boolean {
  const now = present.get('site')
  return site !== undefined && now !== undefined && now !== '' && site !== now
}

/** Why the phone cannot have this MAC address; null: it can, by the copy. */
export function macTaken(id: string, { mac }: DeviceEdit, macs: MacIndex): string | null {
  const holder = mac ? macs.deviceWith(mac) : null
  return mac && holder !== null && holder !== id ? `the hardware address ${mac} is that of ${holder}` : null
}

/** Replies of `hotdesk_put`. @throws AppError STORE_PROTOCOL for an unknown word */
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
