/** Every `event` in the stream `{network}:events`; README documents each, and tests compare it with the library and with this list. */
export const streamEvents = [
  'login',
  'moved',
  'displaced',
  'unchanged',
  'login.denied',
  'login.locked',
  'login.abandoned',
  'logout',
  'logout.refused',
  'draining',
  'unlocked',
  'emergency',
  'emergency.answered',
  'emergency.failed',
  'emergency.unproven',
  'emergency.refused',
  'repaired',
  'replaced',
  'refresh',
  'site.lost',
  'site.back',
] as const

/** How much of the stream is kept, here as in `hotdesk.lua`; what is too old goes before. */
export const keptEvents = { entries: 100_000 } as const

export type StreamEvent = (typeof streamEvents)[number]

/** Why a login was refused; for operators only, the caller hears one sentence for all. */
export type DenialReason = 'wrong-pin' | 'no-pin' | 'unknown-extension' | 'disabled' | 'not-allowed'
