import type { Device } from '../../directory/directory.js'

/** What the desk needs to know about an emergency call. */
export interface EmergencyFacts {
  readonly number: string
  readonly device: Device | null
  /** Caller number that the emergency centre sees and calls back. */
  readonly shown: string | null
  readonly location: string | null
}
