import type { Milliseconds } from '../../base/clock.js'
import type { DeviceId } from '../../base/identity.js'
import type { Replica } from '../../store/store.js'

/** `{hd}:phone:<id>`: how a phone gets its configuration. Nodes and commands write it; it is lost with the phone's record. */
export interface PhoneRecord {
  /** Part of the phone's token; null: no URL was issued, or it was revoked. */
  readonly salt: string | null
  /** When the phone got its first configuration without a token, because a window was open or by an activation code. */
  readonly enrolled: Milliseconds | null
  /** When it last fetched its configuration. */
  readonly fetched: Milliseconds | null
  /** The `epoch` of the phone's record in that configuration. */
  readonly epoch: string | null
  /** User-Agent of that request. */
  readonly agent: string | null
  /** Its address. */
  readonly from: string | null
  /** The salt of an activation code, and until when the code is valid. */
  readonly codeSalt: string | null
  readonly codeUntil: Milliseconds | null
}

export const phoneKey = (device: DeviceId): string => `phone:${device}`

export function phoneRecordOf({ hash }: Pick<Replica, 'hash'>, device: DeviceId): PhoneRecord {
  const record = hash(phoneKey(device))
  const text = (field: string): string | null => record?.get(field) || null
  const time = (field: string): Milliseconds | null => {
    const seconds = text(field)
    return seconds !== null && /^[0-9]{1,11}$/.test(seconds) ? Number(seconds) * 1_000 : null
  }
  return {
    salt: text('salt'),
    enrolled: time('enrolled'),
    fetched: time('fetched'),
    epoch: text('epoch'),
    agent: text('agent'),
    from: text('from'),
    codeSalt: text('codeSalt'),
    codeUntil: time('codeUntil'),
  }
}
