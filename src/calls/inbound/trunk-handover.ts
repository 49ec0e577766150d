import { type DeviceId, parseDeviceId } from '../../base/identity.js'
import type { CallKind } from '../../hotdesk/hotdesk.js'
import type { Mailbox } from '../../trunks/trunks.js'

/** Names the trunk for a call that another node of the site hands over. The hop token covers it. */
export const trunkHandoverHeader = 'X-Hotdesk-Trunk'

/** What the node that is registered at a trunk needs to call it, besides the number and the caller. */
export interface TrunkHandover {
  readonly trunk: string
  readonly kind: CallKind
  /** Location of the phone (RFC 6442); null: none. */
  readonly location: string | null
  /** The phone whose number an emergency centre is shown, and which it may call back; left out: none. */
  readonly device?: DeviceId
  /** The trunk is a voicemail server; left out: it is not. */
  readonly mailbox?: Mailbox
}

/** `trunk=carrier&kind=emergency&location=…` */
export function writeHandover({ trunk, kind, location, device, mailbox }: TrunkHandover): string {
  return new URLSearchParams({
    trunk,
    kind,
    ...(location === null ? {} : { location }),
    ...(device === undefined ? {} : { device }),
    ...(mailbox ? { mailbox: mailbox.name, cause: String(mailbox.cause) } : {}),
  }).toString()
}

/** Without a header the trunk has no name, so that no trunk is found. */
export function parseHandover(text: string): TrunkHandover {
  const fields = new URLSearchParams(text)
  const device = parseDeviceId(fields.get('device') ?? '')
  const mailbox = fields.get('mailbox')
  return {
    trunk: fields.get('trunk') ?? '',
    kind: fields.get('kind') === 'emergency' ? 'emergency' : 'ordinary',
    location: fields.get('location'),
    ...(device === null ? {} : { device }),
    ...(mailbox === null ? {} : { mailbox: { name: mailbox, cause: Number(fields.get('cause')) } }),
  }
}
