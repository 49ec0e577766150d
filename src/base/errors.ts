/** Every error code, with its meaning and the next step. src/cli/README.md lists them. */
export const errorCodes = {
  CONFIG_INVALID: 'The configuration is invalid; each line names file, key and expected value.',
  DIALPLAN_INVALID: 'The dial plan is invalid; each line names file, key and expected value.',
  IMPORT_INVALID: 'The file to import is invalid; each line names file, key and expected value.',
  PORT_IN_USE: 'Another program uses the port. Stop it, or set another port.',
  ADDRESS_UNAVAILABLE: 'The address does not belong to this machine, or the port needs privileges.',
  REDIS_SERVER_MISSING: '`redis: embedded` needs redis-server on the PATH. Install it, or set `redis` to a server.',
  STORE_UNAVAILABLE: 'Redis does not answer. Calls go on; logins hear "please try later".',
  STORE_PROTOCOL: 'Unexpected reply of Redis: a key of the wrong type, or a function of another version.',
  STORE_TOO_OLD: 'This Redis has no functions. Use Redis 7.0 or later.',
  STORE_NEWER: 'Redis holds newer functions. Update this node.',
  STORE_FUNCTIONS: 'The functions in Redis are missing, older or changed. Run `hotdesk redis install`.',
  NODE_NAME_TAKEN: 'Another live process has this node’s name. Names are unique in a network.',
  DATA_IN_USE: 'Another running node uses this `data` folder.',
  SIP_MALFORMED: 'Malformed SIP message; it is dropped or gets a 400 response.',
  SIP_SERVER_REFUSED: 'The drachtio-server refused the secret.',
  SIP_SEND_FAILED: 'A message could not be sent, or the far end was gone.',
  SEAL_BROKEN: 'A phone’s password was sealed with another `secret`, or for another phone or network.',
  SECRET_DIFFERS: '`secret` is not the network’s: nothing is sealed, and no node starts with it. See `hotdesk redis secret`.',
  PROMPT_UNREADABLE: 'A prompt cannot be played; tones replace it.',
  COMMAND_REFUSED: 'A command was refused; the message has the reason.',
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
