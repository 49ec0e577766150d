/** Why Redis refused an action, by the word of its function: the meaning, and the next step. src/cli/README.md lists them. */
export const refusals = {
  UNKNOWN_USER: { meaning: 'There is no such user.', todo: 'list the users with `hotdesk user list`' },
  UNKNOWN_DEVICE: { meaning: 'There is no such phone.', todo: 'list the phones with `hotdesk device list`' },
  NOWHERE: { meaning: 'The user is not logged in.', todo: 'see who is logged in with `hotdesk status`' },
  FREE: { meaning: 'Nobody is logged in at the phone.', todo: 'see who is logged in with `hotdesk status`' },
  OCCUPIED: { meaning: 'Another user is logged in at the new phone.', todo: 'log that user out with `hotdesk logout`' },
  ELSEWHERE: {
    meaning: 'The user is logged in at another phone, and `secondLogin` is `deny`.',
    todo: 'log the user out with `hotdesk logout`, or set `hotdesk user set --second-login move`',
  },
  DENIED: {
    meaning: 'The user is disabled, or may not hot-desk.',
    todo: 'set `hotdesk user set --enabled yes --may-hotdesk yes`, if this user may log in',
  },
  NOT_A_HOTDESK_PHONE: {
    meaning: 'The phone is not for hot desking, or has no location for emergency calls.',
    todo: 'set `hotdesk device set --hotdesk yes --location "…"`',
  },
  DRAINING: { meaning: 'A logout waits for a call to end.', todo: 'wait, or end the call with `hotdesk logout --now`' },
  EMERGENCY: { meaning: 'The phone is in an emergency call, or in the quiet time after one.', todo: 'wait; nothing may end that call' },
} as const satisfies Readonly<Record<string, { readonly meaning: string; readonly todo: string }>>

/** null: a word of another version. */
export function refusalOf(word: string) {
  const known: Readonly<Record<string, { readonly meaning: string; readonly todo: string }>> = refusals
  return known[word] ?? null
}
