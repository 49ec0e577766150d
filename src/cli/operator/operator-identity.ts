import { hostname, userInfo } from 'node:os'
import { invokingUser } from '../../config/environment.js'
import { type Operator, operatorArgument } from '../../directory/directory.js'

/** A name in an argument, and in a line of `hotdesk events`. */
const mostCharacters = 64

/**
 * The person at this command line, as far as the operating system knows. Under sudo it is the user who called sudo: everybody's commands
 * would be root's otherwise. Only root is asked for that name, because any other user could set the variable.
 */
export function thisOperator(): Operator {
  const name = (process.getuid?.() === 0 ? invokingUser() : null) ?? accountName()
  return { user: plainName(name), host: plainName(hostname()).replaceAll('@', '?') }
}

/** The last argument of a function call by this command. */
export function byThisOperator(): string {
  return operatorArgument(thisOperator())
}

/** A container may run under a number without an account. */
function accountName(): string {
  try {
    return userInfo().username
  } catch {
    return `uid-${process.getuid?.() ?? '?'}`
  }
}

function plainName(text: string): string {
  return text.replace(/[^\p{L}\p{N}._@\\$-]/gu, '?').slice(0, mostCharacters) || '?'
}
