/** Every error code there is; README explains each, and a test compares the two lists. */
export const errorCodes = [
  'CONFIG_INVALID',
  'DIALPLAN_INVALID',
  'IMPORT_INVALID',
  'PORT_IN_USE',
  'ADDRESS_UNAVAILABLE',
  'REDIS_SERVER_MISSING',
  'STORE_UNAVAILABLE',
  'STORE_PROTOCOL',
  'STORE_TOO_OLD',
  'STORE_NEWER',
  'STORE_FUNCTIONS',
  'NODE_NAME_TAKEN',
  'DATA_IN_USE',
  'SIP_MALFORMED',
  'SIP_SERVER_REFUSED',
  'SIP_SEND_FAILED',
  'SEAL_BROKEN',
  'SECRET_DIFFERS',
  'PROMPT_UNREADABLE',
  'COMMAND_REFUSED',
] as const

export type ErrorCode = (typeof errorCodes)[number]

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
