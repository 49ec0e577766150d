import { systemClock } from '../../../src/base/clock.js'
import { silentLogger } from '../../../src/base/logger.js'
import { Secret } from '../../../src/base/secret.js'
import type { Phone } from '../../../src/softphones/softphone.js'
import { createSoftphones } from '../../../src/softphones/softphones.js'
import { networkDomain } from '../node/node.js'

/** The far end of a site's line. */
export interface Carrier {
  /** `127.0.0.1:41234` */
  readonly address: string
  /** Whoever answers at that number; calls of theirs go to the node at `towards`. */
  line(number: string, towards?: string): Phone
  close(): Promise<void>
}

export async function openCarrier(): Promise<Carrier> {
  const bank = await createSoftphones({ clock: systemClock, log: silentLogger() })
  return {
    address: bank.address,
    line: (number, towards = '127.0.0.1:9') =>
      bank.phone({ device: number, password: new Secret(''), node: towards, domain: networkDomain }),
    close: bank.close,
  }
}

/** What its neighbours know a site's number by. */
export const siteElin = '+33199000000'

/** A line to the carrier at that address, with further settings of the trunk. */
export type Line =
  | string
  | {
      readonly address: string
      readonly location?: string
      readonly ping?: number
      readonly username?: string
      readonly password?: string
      readonly numbers?: string
      readonly callerNumbers?: string
    }

/** The dial plan of Paris with those lines, in that order. */
export function planOver(...lines: readonly Line[]): string {
  const trunks = lines.map((line, index) => {
    const { address, ...settings } = typeof line === 'string' ? { address: line } : line
    return [`line-${index + 1}`, { uri: `sip:${address};transport=udp`, from: ['127.0.0.1'], ...settings }] as const
  })
  return JSON.stringify({
    site: 'paris',
    elin: siteElin,
    extensions: ['10X'],
    outside: '0',
    emergency: { '112': '112', '911': '112', '999': '112', '15': '15' },
    trunks: Object.fromEntries(trunks),
    routes: trunks.length === 0 ? [] : [{ match: '0ZX.', strip: 1, prepend: '+33', trunks: trunks.map(([name]) => name) }],
    dids: { '+3319900010X': '10X' },
  })
}
