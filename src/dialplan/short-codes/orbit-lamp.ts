import type { SiteName } from '../../base/identity.js'

/** The lamp of an orbit, where calls are parked: `park.paris.1`. No extension looks like it. */
export function orbitLamp(site: SiteName, orbit: string): string {
  return `park.${site}.${orbit}`
}
