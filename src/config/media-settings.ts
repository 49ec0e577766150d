import { z } from 'zod'
import { loopbackAddress, machineAddress } from '../base/host/machine-address.js'
import { type Family, familyOf, isLoopback, isWildcard } from '../base/ip-address.js'
import type { ListenAddress } from '../base/listen-address.js'
import { block, form } from './yaml/yaml-schema.js'

/** A host name stands for IPv4. */
function mediaFamilyOf(host: string): Family {
  return familyOf(host) ?? 'IPv4'
}

function parseAddresses(text: string): readonly string[] | null {
  const addresses = text.split(',').map((one) => one.trim())
  const isWhole = addresses.every((one) => /^[A-Za-z0-9.:-]{1,253}$/.test(one))
  return isWhole && new Set(addresses.map(mediaFamilyOf)).size === addresses.length ? addresses : null
}

/** @param parsePorts of a range such as 20000-24999 */
export function mediaSettings<Ports>(parsePorts: (text: string) => Ports | null) {
  return block({
    address: z
      .preprocess(
        (found) => (Array.isArray(found) ? found.join(',') : found),
        form('an IP address or host name, or one of IPv4 and one of IPv6', parseAddresses),
      )
      .optional()
      .describe(
        'Addresses in session descriptions, one for each family: `192.0.2.10, 2001:db8::10`. Default: the SIP server’s, else the machine’s.',
      ),
    ports: form('a range such as 20000-24999', parsePorts).prefault('20000-24999').describe('UDP ports for audio.'),
  })
}

/** What phones are told where no address is set: one address a family, the one they register at first. */
export function defaultMediaAddresses(advertise: string | null, listen: readonly ListenAddress[]): readonly string[] {
  const own = [...(advertise === null ? [] : [advertise]), ...listen.map(({ address }) => address)].filter((one) => !isWildcard(one))
  const first = own[0] ?? machineAddress('IPv4') ?? machineAddress('IPv6') ?? '127.0.0.1'
  const other: Family = mediaFamilyOf(first) === 'IPv4' ? 'IPv6' : 'IPv4'
  const second = own.find((one) => mediaFamilyOf(one) === other) ?? (isLoopback(first) ? loopbackAddress(other) : machineAddress(other))
  return second === null ? [first] : [first, second]
}
