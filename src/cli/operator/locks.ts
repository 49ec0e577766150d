import type { Command } from 'commander'
import { systemClock } from '../../base/clock.js'
import type { Config } from '../../config/config.js'
import { limitsOf } from '../../hotdesk/hotdesk.js'
import type { Store } from '../../store/store.js'
import { asJson, type CommandNeeds } from '../needs.js'
import { table } from '../output/terminal.js'
import { left } from '../output/time-spans.js'
import { withStore } from './network.js'

/** A lock that holds now, as `hotdesk locks --json` shows it. */
interface Lock {
  /** `user-at-phone`, `phone` or `user`. */
  readonly kind: string
  /** null: any user; `unknown`: an extension that no user has. */
  readonly user: string | null
  /** null: every phone where the user has not logged in lately. */
  readonly device: string | null
  readonly seconds: number
  /** ISO 8601, UTC. */
  readonly until: string
}

/** `hotdesk locks` */
export function locksCommand(command: Command, needs: CommandNeeds): void {
  command
    .option(...asJson)
    .addHelpText('after', '\nA lock ends by itself. To end it now: hotdesk unlock <user or phone>.\n\nExample:\n  hotdesk locks')
    .action(async ({ json }: { json?: boolean }) => {
      const config = needs.config('look')
      const locks = await withStore(config, (store) => locksIn(store, config))
      const { print, paint } = needs.terminal
      if (json) return print(JSON.stringify(locks, null, 2))
      const [head = '', ...rows] = table([['USER', 'DEVICE', 'ENDS IN', 'REASON'], ...locks.map(cellsOf)])
      print(paint.faint(head.trimEnd()))
      for (const row of rows) print(row)
    })
}

function cellsOf({ kind, user, device, seconds }: Lock): string[] {
  return [user ?? 'all users', device ?? 'new phones', left(seconds), meanings[kind] ?? kind]
}

const meanings: Readonly<Record<string, string>> = {
  'user-at-phone': 'wrong PINs for this user at this phone',
  phone: 'wrong PINs at this phone',
  user: 'wrong PINs for this user, at phones without a recent login',
}

/** Reads page by page, so that Redis is not blocked; a scan may return a key twice. */
async function locksIn({ call }: Pick<Store, 'call'>, { lockout }: Config): Promise<readonly Lock[]> {
  const found = new Map<string, Lock>()
  let from = '0'
  do {
    const [next = '0', ...lines] = (await call('hotdesk_locks', from, ...limitsOf(lockout))).split('\n')
    for (const line of lines) {
      const lock = lockIn(line)
      const name = `${lock.kind} ${lock.user ?? ''} ${lock.device ?? ''}`
      if ((found.get(name)?.seconds ?? 0) < lock.seconds) found.set(name, lock)
    }
    from = next
  } while (from !== '0')
  const nameOf = ({ user, device }: Lock): string => `${user ?? ''} ${device ?? ''}`
  return [...found.values()].toSorted((one, other) => nameOf(one).localeCompare(nameOf(other), 'en', { numeric: true }))
}

/** `user-at-phone 100 HD0001 894` */
function lockIn(line: string): Lock {
  const [kind = '', user = '-', device = '-', rest = '0'] = line.split(' ')
  const seconds = Number(rest)
  return {
    kind,
    user: user === '-' ? null : user.startsWith('?') ? 'unknown' : user,
    device: device === '-' ? null : device,
    seconds,
    until: new Date(Math.round(systemClock.now()) + seconds * 1_000).toISOString(),
  }
}
