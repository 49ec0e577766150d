import { Argument, type Command } from 'commander'
import { systemClock } from '../../base/clock.js'
import { isAppError } from '../../base/errors.js'
import type { Replica } from '../../store/store.js'
import type { CommandNeeds } from '../needs.js'
import { withStore } from '../operator/network.js'
import { processEvents } from '../process-events.js'

/** Kinds of records → prefix of their keys in Redis. */
const prefixes = { users: 'user:', devices: 'device:', sites: 'site:' } as const
export type NameKind = keyof typeof prefixes
export const nameKinds = Object.keys(prefixes) as readonly NameKind[]

/** A person who presses Tab does not wait longer. */
const longestMs = 2_000

/** `hotdesk names`, for the completion scripts: one name per line, nothing if Redis cannot be read. */
export function namesCommand(command: Command, needs: CommandNeeds): void {
  command.addArgument(new Argument('<kind...>', 'of which records').choices(nameKinds)).action(async (kinds: readonly NameKind[]) => {
    const late = systemClock.after(longestMs, () => processEvents().abandon(0))
    try {
      for (const name of await namesIn(kinds, needs)) needs.terminal.print(name)
    } finally {
      late.cancel()
    }
  })
}

async function namesIn(kinds: readonly NameKind[], needs: CommandNeeds): Promise<readonly string[]> {
  try {
    return await withStore(needs.config('look'), ({ replica }) => Promise.resolve(kinds.flatMap((kind) => namesOf(kind, replica))))
  } catch (fault) {
    if (isAppError(fault)) return []
    throw fault
  }
}

/** Includes the sites of phones and users, because a site needs no record. */
function namesOf(kind: NameKind, replica: Replica): readonly string[] {
  const names = (each: NameKind): string[] => Array.from(replica.keysUnder(prefixes[each]), (key) => key.slice(prefixes[each].length))
  if (kind !== 'sites') return names(kind).toSorted()
  const used = ['devices' as const, 'users' as const].flatMap((each) =>
    names(each).map((name) => replica.hash(prefixes[each] + name)?.get(each === 'users' ? 'home' : 'site') ?? ''),
  )
  return [...new Set([...names('sites'), ...used])].filter((name) => name !== '').toSorted()
}
