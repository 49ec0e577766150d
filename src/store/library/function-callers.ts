import type { Redis } from 'ioredis'
import type { Clock } from '../../base/clock.js'
import { errors, messageOf } from '../../base/errors.js'
import type { Metrics } from '../../base/metrics.js'
import { type CallFunction, isReply } from '../commands.js'
import { troubleOf } from '../connections/connection-errors.js'
import type { Keys } from '../keys.js'
import { isWrongType, wrongTypeAmong } from '../wrong-types.js'
import { isFunctionMissing } from './installed-library.js'

export interface FunctionNeeds {
  readonly keys: Keys
  /** Restores a library that was deleted. */
  readonly reloadLibrary: () => Promise<void>
  /** The source of the library; Redis's errors name its lines. */
  readonly code: string
  readonly clock: Clock
  readonly metrics: Metrics
}

/** Calls the functions of the library over any connection. */
export interface FunctionCallers {
  connection(redis: Redis): CallFunction
  /** The rights that functions lacked at their last call, as sentences. */
  missingRights(): readonly string[]
}

export function createFunctionCallers({ keys, reloadLibrary, code, clock, metrics }: FunctionNeeds): FunctionCallers {
  /** `hotdesk_login` → the missing right. */
  const forbidden = new Map<string, string>()

  async function callOnce(redis: Redis, name: string, args: readonly string[]): Promise<string> {
    const began = clock.now()
    try {
      const reply = textOf(await redis.call('FCALL', name, '1', keys.tag, ...args))
      forbidden.delete(name)
      return reply
    } catch (fault) {
      const explained = permissionFault(fault, code)
      if (messageOf(explained).startsWith('NOPERM')) forbidden.set(name, `${name}: ${troubleOf(explained).says}`)
      throw explained
    } finally {
      metrics.storeCallSeconds.observe({ function: name }, (clock.now() - began) / 1_000)
    }
  }

  async function wrongTypeText(redis: Redis, name: string, args: readonly string[], fault: unknown): Promise<string> {
    const found = await wrongTypeAmong(redis, keys, args).catch(() => null)
    return found ?? `a key that ${name} needs has the wrong type: ${messageOf(fault)}`
  }

  return {
    connection: (redis) => async (name, args) => {
      try {
        return await callOnce(redis, name, args)
      } catch (fault) {
        if (isWrongType(fault)) throw errors.STORE_PROTOCOL.wrongType({ misfit: await wrongTypeText(redis, name, args, fault) }, fault)
        if (!isFunctionMissing(fault)) throw fault
        await reloadLibrary().catch((cause: unknown) => raise(errors.STORE_UNAVAILABLE.noReload({ reason: messageOf(cause) }, cause)))
        return callOnce(redis, name, args)
      }
    },
    missingRights: () => [...forbidden.values()],
  }
}

function raise(fault: unknown): never {
  throw fault
}

/**
 * Redis 7.0 reports a right that a function lacks without its code and without the command: `ERR The user executing the script can't run
 * this command or subcommand script: hotdesk_join, on @user_function:102.` The line of the source has the command.
 */
export function permissionFault(fault: unknown, code: string): unknown {
  const [, what = ''] = /The user executing the script can't (run|access)/.exec(messageOf(fault)) ?? []
  const [, line = ''] = /@user_function:(\d+)/.exec(messageOf(fault)) ?? []
  if (what === '' || !isReply(fault)) return fault
  const [, command] = /redis\.p?call\('([A-Z]+)'/.exec(code.split('\n')[Number(line) - 1] ?? '') ?? []
  const words =
    what === 'access' ? 'may not access one of the keys' : `has no permissions to run the '${command?.toLowerCase() ?? '…'}' command`
  fault.message = `NOPERM this user ${words} (in a function)`
  return fault
}

function textOf(reply: unknown): string {
  return Array.isArray(reply) ? reply.map(String).join('\n') : String(reply)
}
