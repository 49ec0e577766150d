import { networkInterfaces } from 'node:os'
import { type Family, isLinkLocal, isUniqueLocal } from '../ip-address.js'

/** The first address of the machine that others can reach; null without one. A link-local address means nothing without its interface. */
export function machineAddress(family: Family): string | null {
  const reachable = addressesOf(family).filter(({ internal, address }) => !internal && !isLinkLocal(address))
  return (reachable.find(({ address }) => !isUniqueLocal(address)) ?? reachable[0])?.address ?? null
}

/** Null on a machine without this family. */
export function loopbackAddress(family: Family): string | null {
  return addressesOf(family).find(({ internal }) => internal)?.address ?? null
}

/** Every address of the machine, loopback included. */
export function machineAddresses(): ReadonlySet<string> {
  return new Set([...addressesOf('IPv4'), ...addressesOf('IPv6')].map(({ address }) => address))
}

function addressesOf(family: Family) {
  return Object.values(networkInterfaces()).flatMap((several) => several?.filter((one) => one.family === family) ?? [])
}
