import { randomBytes } from 'node:crypto'
import type { Clock } from '../base/clock.js'
import type { Protocol } from '../base/listen-address.js'
import type { Logger } from '../base/logger.js'
import { Secret } from '../base/secret.js'
import { defaultSettings } from '../config/schema/schema.js'
import { createMedia } from '../media/media.js'
import { parseUri } from '../sip/uri/uri.js'
import { createSipd } from '../sipd/sipd.js'
import { createSrf } from '../srf/srf.js'
import { createPhone, type Phone, type PhoneParts } from './softphone.js'

export type { Phone, PhoneCall } from './softphone.js'

/** Phones of the demonstration and of tests. They behave like desk phones, and share one SIP server, one address and one media part. */
export interface Softphones {
  /** `127.0.0.1:41234`, for callers without a registration, such as a trunk. */
  readonly address: string
  phone(parts: PhoneParts): Phone
  close(): Promise<void>
}

export interface SoftphonesNeeds {
  readonly clock: Clock
  readonly log: Logger
  readonly protocol?: Protocol
  readonly address?: string
}

export async function createSoftphones({ clock, log, protocol = 'udp', address = '127.0.0.1' }: SoftphonesNeeds): Promise<Softphones> {
  const secret = new Secret(randomBytes(16).toString('hex'))
  const listen = [{ protocol, address, port: 0 }]
  const { timers } = defaultSettings().sip
  const sipd = await createSipd({ listen, advertise: null, admin: { address: '127.0.0.1', port: 0 }, secret, timers, clock, log })
  const srf = await createSrf({ admin: { host: sipd.admin.address, port: sipd.admin.port, secret }, log })
  const media = createMedia({ addresses: [address], ports: { from: 40_000, to: 59_999 }, clock, log })
  const phones = new Map<string, Phone>()

  srf.onInvite((invite) => {
    const phone = phones.get(userOf(invite.uri))
    if (phone) phone.takeInvite(invite)
    else invite.respond(404)
  })
  srf.onRequest('NOTIFY', (request) => {
    const phone = phones.get(userOf(request.uri))
    phone?.takeNotify(request.header('Event'))
    request.respond(phone ? 200 : 404)
  })
  srf.onRequest('OPTIONS', (request) => request.respond(200))

  return {
    address: `${address}:${sipd.listening[0]?.port}`,
    phone(parts) {
      const phone = createPhone({ ...parts, srf, media, transport: protocol, clock })
      phones.set(parts.device, phone)
      return phone
    },
    async close() {
      await srf.close()
      await media.close()
      await sipd.close()
    },
  }
}

function userOf(uri: string): string {
  const parsed = parseUri(uri)
  return parsed?.kind === 'sip' ? (parsed.user ?? '') : ''
}
