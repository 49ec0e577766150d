/** Every `event` in the stream `{network}:events`, with its meaning. src/cli/README.md lists them; a test compares them with the library. */
export const streamEvents = {
  login: 'a user sits at a phone that was free',
  moved: 'the same, and has left another phone, `from`',
  displaced: 'the same, and `displaced` is out',
  unchanged: 'nothing to do: sat there already, or nobody sat there',
  'login.denied': 'refused; the caller heard one sentence, `reason` is the real one',
  'login.locked': 'too many failures; `seconds` until the next try, `reason`: which',
  'login.abandoned': 'the caller hung up',
  logout: 'nobody sits there any more',
  'logout.refused': 'the phone is in an emergency call, or was just now',
  draining: 'the logout follows when the last of `calls` has ended',
  unlocked: 'an operator has forgiven the failures',
  emergency: 'an emergency call has begun',
  'emergency.answered': 'an emergency call was answered, and has ended',
  'emergency.failed': 'it did not come about, and the caller had not given up: `reason`',
  'emergency.unproven':
    'an emergency call without proof of its phone was carried, shown as the site: `source`, and `claimed`, the phone that it named',
  'emergency.refused':
    'emergency calls without proof were refused, over the `limit` `source` or `total`: `refused` of them since the last entry',
  repaired: 'a half assignment, left by a hand edit, was completed or taken away',
  replaced: 'a phone was swapped: the user sits at this one, no more at `from`',
  refresh: "what became of the phone's display: `outcome`",
  'site.lost': 'no node of `site` has lived for a minute',
  'site.back': '`node` of it lives again',
} as const satisfies Readonly<Record<string, string>>

/** How much of the stream is kept, here as in `hotdesk.lua`; what is too old goes before. */
export const keptEvents = { entries: 100_000 } as const

export type StreamEvent = keyof typeof streamEvents

/** Why a login was refused; for operators only, the caller hears one sentence for all. */
export type DenialReason = 'wrong-pin' | 'no-pin' | 'unknown-extension' | 'disabled' | 'not-allowed'
