import type { Milliseconds } from '../../base/clock.js'
import { type DeviceId, parseDeviceId, type SiteName } from '../../base/identity.js'
import type { Replica } from '../../store/store.js'

/** `{hd}:enrol:<site>`: new phones of the site get their configuration without a proof. An operator opens it; Redis removes it at its end. */
export interface EnrolmentWindow {
  /** Phones that may be enrolled. */
  readonly limit: number
  /** Location of phones that have no record yet; null: nobody can log in at them until an operator sets one. */
  readonly location: string | null
  /** The phones enrolled so far, by MAC address. Each has a field of its own, so that nodes do not overwrite each other's. */
  readonly phones: ReadonlyMap<string, DeviceId>
}

export const enrolmentKey = (site: SiteName): string => `enrol:${site}`
export const enrolledField = (mac: string): string => `mac:${mac}`

/** Null if no window is open. */
export function enrolmentWindowOf({ hash }: Pick<Replica, 'hash'>, site: SiteName, now: Milliseconds): EnrolmentWindow | null {
  const record = hash(enrolmentKey(site))
  const [until, limit] = [numberIn(record?.get('until')), numberIn(record?.get('limit'))]
  if (!record || until === null || limit === null || until * 1_000 <= now) return null
  const phones = Array.from(record).flatMap(([field, text]) => {
    const device = field.startsWith('mac:') ? parseDeviceId(text) : null
    return device ? [[field.slice('mac:'.length), device] as const] : []
  })
  return { limit, location: record.get('location') || null, phones: new Map(phones) }
}

function numberIn(text: string | undefined): number | null {
  return text !== undefined && /^[0-9]{1,11}$/.test(text) ? Number(text) : null
}
