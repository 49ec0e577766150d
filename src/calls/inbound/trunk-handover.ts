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
  /** The trunk is a voicemail server; left out: it is not. */
  readonly mailbox?: Mailbox
}

/** `trunk=carrier&kind=emergency&location=…` */
export function writeHandover({ trunk, kind, location, mailbox }: TrunkHandover): string {
  return new URLSearchParams({
    trunk,
    kind,
    ...(location === null ? {} : { location }),
    ...(mailbox ? { mailbox: mailbox.name, cause: String(mailbox.cause) } : {}),
  }).toString()
}

/** Without a header the trunk has no name, so that no trunk is found. */
export function parseHandover(text: string): TrunkHandover {
  const fields = new URLSearchParams(text)
  const mailbox = fields.get('mailbox')
  return {
    trunk: fields.get('trunk') ?? '',
    kind: fields.get('kind') === 'emergency' ? 'emergency' : 'ordinary',
    location: fields.get('location'),
    ...(mailbox === null ? {} : { mailbox: { name: mailbox, cause: Number(fields.get('cause')) } }),
  }
}
