import { isIP } from 'node:net'
import { networkInterfaces } from 'node:os'
import { z } from 'zod'
import type { ListenAddress } from '../base/listen-address.js'
import { block, form } from './yaml/yaml-schema.js'

type Family = 'IPv4' | 'IPv6'

/** A host name stands for IPv4. */
function familyOf(address: string): Family {
  return isIP(address) === 6 ? 'IPv6' : 'IPv4'
}

function parseAddresses(text: string): readonly string[] | null {
  const addresses = text.split(',').map((one) => one.trim())
  const isWhole = addresses.every((one) => /^[A-Za-z0-9.:-]{1,253}$/.test(one))
  return isWhole && new Set(addresses.map(familyOf)).size === addresses.length ? addresses : null
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
  const other: Family = familyOf(first) === 'IPv4' ? 'IPv6' : 'IPv4'
  const second = own.find((one) => familyOf(one) === other) ?? (isLoopback(first) ? loopback(other) : machineAddress(other))
  return second === null ? [first] : [first, second]
}

function isWildcard(address: string): boolean {
  return address === '0.0.0.0' || address === '::'
}

function isLoopback(address: string): boolean {
  return address === '::1' || address.startsWith('127.') || address === 'localhost'
}

function addressesOf(family: Family) {
  return Object.values(networkInterfaces()).flatMap((several) => several?.filter((one) => one.family === family) ?? [])
}

function loopback(family: Family): string | null {
  return addressesOf(family).find(({ internal }) => internal)?.address ?? null
}

/** The first address that others can reach; null on a machine without one. Link-local ones mean nothing without their interface. */
export function machineAddress(family: Family): string | null {
  const reachable = addressesOf(family).filter(({ internal, address }) => !internal && !/^fe[89ab]/i.test(address))
  // Of IPv6, a public one before one of the site (RFC 4193).
  return (reachable.find(({ address }) => !/^f[cd]/i.test(address)) ?? reachable[0])?.address ?? null
}
