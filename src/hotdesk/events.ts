import type { BarredReason } from './barred.js'

/** Every `event` in the stream `{network}:events`, with its meaning. src/cli/README.md lists them; a test compares them with the library. */
export const streamEvents = {
  login: 'A user logged in at a free phone.',
  moved: 'A user logged in and left another phone, `from`.',
  displaced: 'A user logged in, and the previous user, `displaced`, was logged out.',
  unchanged: 'Nothing has changed: the user was already logged in there, or no user was logged in.',
  'login.denied': 'A login was refused, for `reason`. The caller hears the same sentence for all reasons except `not-entitled`.',
  'login.locked': 'Too many wrong PINs: `seconds` until the next attempt; `reason` names the limit.',
  'login.abandoned': 'The caller hung up during the PIN dialogue.',
  logout: 'The user was logged out.',
  'logout.refused': 'The phone is, or was recently, in an emergency call.',
  draining: 'The logout follows when the last of `calls` has ended.',
  unlocked: 'An operator removed the wrong PINs.',
  emergency: 'An emergency call began.',
  'emergency.answered': 'An emergency call was answered, and has ended.',
  'emergency.failed': 'An emergency call failed, and the caller had not given up: `reason`.',
  'emergency.desk':
    'The emergency desk of the site was to be informed of a call, by `how` (message or call): the users `desk`, the phones `reached` and `missed`.',
  'emergency.unproven':
    'An emergency call without proof of its phone was carried as the site’s: `source`, and `claimed`, the phone that it named.',
  'emergency.refused':
    'Emergency calls without proof were refused, over the `limit` `source` or `total`: `refused` of them since the last entry.',
  'call.barred':
    'The rights of `user` refused a `use` (call, forward, transfer, break-out) of `number`: `class`, `reason`. `more`: refusals since the last entry that are not listed. `via` `test-call`: no `user`; an operator made the test call `call` as the user `as`.',
  'call.limited': 'A `limit` of `user` or of the site refused a call to `number`: `reason`. `more`, `via` and `as` as for `call.barred`.',
  'call.costly':
    'A call to a number abroad or a premium number began: `use`, `number`, `class`, and the time at the site, `local`. `more`, `via` and `as` as for `call.barred`.',
  'entitlement.refused':
    'A call or feature was refused, because the profile or rights of `user` do not include `entitlement`: `reason`. `more`, `via` and `as` as for `call.barred`.',
  'profile.unknown':
    'The record of `user` has a `profile` that neither the home site nor this one defines; `reason` says what counts. At most once an hour.',
  'rights.unknown':
    'The record of `user` has a `name` that the site does not define; `reason` says which rights count. At most once an hour.',
  messages: 'The voicemail server has reported messages of `user`: `waiting`, and the numbers `new` and `old`.',
  repaired: 'A one-sided assignment, left by an edit by hand, was completed or removed.',
  replaced: 'A phone was replaced: the user moved here from `from`.',
  'call.hungup': 'An operator ended `call`.',
  'call.testing': 'An operator began the test call `call` to `number`, as the phone `from`.',
  'call.tested': 'An operator made the test call `call` to `number`, as the phone `from`; `outcome` is passed, no-audio or failed.',
  traced: 'An operator traced the SIP messages of a `device`, a `call` or an `address`.',
  'node.draining': 'An operator drains `node`: it takes no new calls except emergency calls.',
  'node.undrained': 'The node takes calls again.',
  renamed: 'The user has another extension; `from` is the previous one.',
  added: 'An operator added a record: `fields`.',
  changed: 'An operator changed a record, or a user did so by a code (`via` is `dial-code`, `host` the phone): `fields`.',
  removed: 'An operator removed a record.',
  imported: 'An operator imported a file; an import of up to 500 records has an event for each as well.',
  'contacts.changed': 'An operator changed the phone book of `user`, or the central one: numbers `changed` (or added) and `removed`.',
  restored: 'An operator wrote back lost records.',
  accepted: 'An operator confirmed that missing records were removed on purpose.',
  'secret.changed': 'An operator changed the network’s secret.',
  'secret.adopted': 'An operator made the secret of a configuration that of the network.',
  'phone.url': 'An operator issued or revoked the URL of a phone, or issued an activation code: `outcome`.',
  enrolment: 'An operator opened or closed a window in which new phones of `site` get their configuration: `outcome`.',
  enrolled: 'A new phone has got its first configuration: `mac`, and `via` is `window` or `code`.',
  refresh: 'The outcome of a display refresh: `outcome`.',
  'site.lost': 'No node of `site` has been alive for a minute.',
  reloaded: '`node` has read its dial plan and settings again, for `by`: what `changed`, and which settings need a `restart`.',
  'reload.refused': '`node` was asked by `by` to reload, and its dial plan or settings are invalid: `reason`. Nothing has changed.',
  'site.back': '`node` of the site is alive again.',
} as const satisfies Readonly<Record<string, string>>

/** Maximum length of the stream, the same as in functions/library.lua. `retentionDays` may remove entries earlier. */
export const keptEvents = { entries: 100_000 } as const

export type StreamEvent = keyof typeof streamEvents

/** Why a login was refused. For operators only: the caller hears the same sentence for all reasons, except `not-entitled`. */
export type DenialReason = 'wrong-pin' | 'no-pin' | 'not-entitled' | BarredReason
