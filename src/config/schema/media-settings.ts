import { z } from 'zod'
import { type Family, familyOf } from '../../base/ip-address.js'
import { block, form } from '../yaml/yaml-schema.js'
import { portRange } from './forms.js'

/** At most one address of each family. */
function parseAddresses(text: string): readonly string[] | null {
  const addresses = text.split(',').map((one) => one.trim())
  const areHosts = addresses.every((one) => /^[A-Za-z0-9.:-]{1,253}$/.test(one))
  return areHosts && new Set(addresses.map(mediaFamilyOf)).size === addresses.length ? addresses : null
}

/** A host name stands for IPv4. */
export function mediaFamilyOf(host: string): Family {
  return familyOf(host) ?? 'IPv4'
}

export const mediaSettings = block({
  address: z
    .preprocess(
      (found) => (Array.isArray(found) ? found.join(',') : found),
      form('an IP address or host name, or one of IPv4 and one of IPv6', parseAddresses),
    )
    .optional()
    .describe(
      'Addresses in session descriptions, one for each family: `192.0.2.10, 2001:db8::10`. Default: the SIP server’s, else the machine’s.',
    ),
  ports: portRange.prefault('20000-24999').describe('UDP ports for audio.'),
}).prefault({})
