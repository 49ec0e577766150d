/** Every error code, with its meaning and the next step. src/cli/README.md lists them. */
export const errorCodes = {
  CONFIG_INVALID: 'the configuration is wrong; each line names place, key and what was expected',
  DIALPLAN_INVALID: 'the same for the dial plan',
  IMPORT_INVALID: 'the same for a file to be imported',
  PORT_IN_USE: 'another program has the port; end it, or set another one',
  ADDRESS_UNAVAILABLE: 'the address is not of this machine, or the port needs special rights',
  REDIS_SERVER_MISSING: '`redis: embedded` needs redis-server on the PATH: install it, or name a Redis',
  STORE_UNAVAILABLE: 'Redis does not answer; calls go on, logins hear "please try later"',
  STORE_PROTOCOL: 'Redis answered with something that cannot be: a key of the wrong type, a function of another version',
  STORE_TOO_OLD: 'this Redis has no functions; 7.0 is needed',
  STORE_NEWER: 'Redis holds newer functions; update this node',
  STORE_FUNCTIONS: 'the functions in Redis are missing, older or changed; run `hotdesk redis install`',
  NODE_NAME_TAKEN: "another living process has this node's name; names are unique in a network",
  DATA_IN_USE: 'another running node uses this `data` folder',
  SIP_MALFORMED: 'a SIP message that is none; it is dropped or answered with 400',
  SIP_SERVER_REFUSED: 'the drachtio-server refused the secret',
  SIP_SEND_FAILED: 'a message could not be sent, or the far end was gone',
  SEAL_BROKEN: "a phone's password was sealed with another `secret`, or for another phone or network",
  SECRET_DIFFERS: "`secret` is not the network's: nothing is sealed, and no node starts with it; `hotdesk redis secret`",
  PROMPT_UNREADABLE: 'a prompt cannot be played; tones stand in for it',
  COMMAND_REFUSED: 'a command could not be done; the message says why',
} as const satisfies Readonly<Record<string, string>>

export type ErrorCode = keyof typeof errorCodes

/**
 * A fault with a stable code. Match on `code`; the message is for people and says what to do next.
 * Expected outcomes (a wrong PIN, a busy phone) are values and never an AppError.
 */
export class AppError extends Error {
  readonly code: ErrorCode

  constructor(code: ErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'AppError'
    this.code = code
  }
}

/** True for an AppError, of that code where one is named. */
export function isAppError(fault: unknown, code?: ErrorCode): fault is AppError {
  return fault instanceof AppError && (code === undefined || fault.code === code)
}

/** The text of whatever was thrown. */
export function messageOf(fault: unknown): string {
  return fault instanceof Error ? fault.message : String(fault)
}
