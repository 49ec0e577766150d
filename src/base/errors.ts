import { commandErrors } from './errors/command-errors.js'
import { configurationErrors } from './errors/configuration-errors.js'
import { machineErrors } from './errors/machine-errors.js'
import { redisErrors } from './errors/redis-errors.js'
import { sipErrors } from './errors/sip-errors.js'
import { type Details, type ErrorEntry, filled, type Template } from './errors/template.js'

/** Every error code: its meaning, its messages and the next step. src/cli/README.md lists them. */
export const errorList = { ...configurationErrors, ...machineErrors, ...redisErrors, ...sipErrors, ...commandErrors }

export type ErrorCode = keyof typeof errorList

/** An AppError as plain data, which another thread can receive. */
export interface PlainError {
  readonly code: ErrorCode
  /** What happened. */
  readonly says: string
  /** The next step, in the imperative. */
  readonly todo: string
  /** For logs and reasons, on one line: what happened, and the next step if the message has its own. */
  readonly message: string
}

/**
 * A fault with a stable code. Match on `code`; the rest is for people. Throw one of `errors`.
 * Expected outcomes (a wrong PIN, a busy phone) are values and never an AppError.
 */
export class AppError extends Error implements PlainError {
  readonly code: ErrorCode
  readonly says: string
  readonly todo: string

  constructor({ code, says, todo, message }: PlainError, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'AppError'
    this.code = code
    this.says = says
    this.todo = todo
  }
}

type Raise<Message> = keyof Details<Message> extends never
  ? (details?: Readonly<Record<string, never>>, cause?: unknown) => AppError
  : (details: Details<Message>, cause?: unknown) => AppError

type List = typeof errorList

/** `errors.PORT_IN_USE.http({ place }, cause)` makes the AppError of that message. */
export const errors = Object.fromEntries(
  Object.entries<ErrorEntry>(errorList).map(([code, entry]) => [code, raisers(code as ErrorCode, entry)]),
) as { readonly [Code in ErrorCode]: { readonly [Name in keyof List[Code]['messages']]: Raise<List[Code]['messages'][Name]> } }

function raisers(code: ErrorCode, { messages, todo }: ErrorEntry) {
  return Object.fromEntries(
    Object.entries(messages).map(([name, template]) => [
      name,
      (details: Readonly<Record<string, string | number>> = {}, cause?: unknown) =>
        new AppError({ code, ...partsOf(template, todo, details) }, cause),
    ]),
  )
}

function partsOf(template: Template, commonTodo: string, details: Readonly<Record<string, string | number>>): Omit<PlainError, 'code'> {
  if (typeof template === 'string') {
    const says = filled(template, details)
    return { says, todo: commonTodo, message: says }
  }
  const [says, todo] = [filled(template.says, details), filled(template.todo, details)]
  return { says, todo: todo || commonTodo, message: todo ? `${says}; ${todo}` : says }
}

/** For another process or thread. */
export function plainError({ code, says, todo, message }: AppError): PlainError {
  return { code, says, todo, message }
}

/** True for an AppError, of that code if one is given. */
export function isAppError(fault: unknown, code?: ErrorCode): fault is AppError {
  return fault instanceof AppError && (code === undefined || fault.code === code)
}

/** The text of whatever was thrown. */
export function messageOf(fault: unknown): string {
  return fault instanceof Error ? fault.message : String(fault)
}
