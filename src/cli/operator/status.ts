import type { Command } from 'commander'
import { systemClock } from '../../base/clock.js'
import { silentLogger } from '../../base/logger.js'
import { createSeal } from '../../base/seal.js'
import type { Config } from '../../config/config.js'
import { createDirectory } from '../../directory/directory.js'
import type { Replica, Store } from '../../store/store.js'
import { asJson, type CommandNeeds } from '../needs.js'
import { nodeWarnings } from '../nodes/node-state.js'
import { table } from '../output/terminal.js'
import { ago } from '../output/time-spans.js'
import { requireReadable, withStore } from './network.js'

/** One phone, as `hotdesk status --json` shows it. */
export interface PhoneStatus {
  readonly device: string
  readonly site: string
  readonly state: 'idle' | 'active' | 'draining'
  readonly user: string | null
  readonly name: string | null
  /** Time of the last login or logout, ISO 8601 in UTC. */
  readonly since: string | null
  readonly registered: boolean
  /** Outcome of the last refresh: `pending`, `ok`, `stale` …; null if there was none. */
  readonly refresh: string | null
  /** Whether the phone supports a refresh, by its last one; null if unknown. */
  readonly refreshable: boolean | null
}

/** `hotdesk status` */
export function statusCommand(command: Command, needs: CommandNeeds): void {
  command
    .option('--site <name>', 'only phones of this site')
    .option(...asJson)
    .addHelpText('after', '\nExamples:\n  hotdesk status\n  hotdesk status --site paris --json')
    .action(async ({ site, json }: { site?: string; json?: boolean }) => {
      const config = needs.config('look')
      const { phones, warnings } = await withStore(config, async (store) => {
        requireReadable(store, ['users', 'devices', 'user:', 'device:', 'reg:'])
        return { phones: phonesIn(store.replica), warnings: await warningsOf(store, config, site) }
      })
      const wanted = phones.filter((phone) => site === undefined || phone.site === site)
      const { print, complain, paint } = needs.terminal
      if (wanted.length === 0)
        complain(
          site === undefined
            ? 'there are no phones. To add one: hotdesk device add. If phones are missing: hotdesk doctor'
            : `there is no phone at ${site}; hotdesk site list shows all sites`,
        )
      for (const warning of warnings) complain(`${paint.bad('warning:')} ${warning}`)
      if (json) return print(JSON.stringify(wanted, null, 2))
      const [head = '', ...rows] = statusLines(wanted, systemClock.now() / 1000)
      print(paint.faint(head))
      for (const row of rows) print(row)
    })
}

async function warningsOf(store: Store, { secret, network }: Config, site: string | undefined): Promise<readonly string[]> {
  const directory = createDirectory({ store, seal: createSeal(secret, network), log: silentLogger() })
  try {
    return await nodeWarnings(site, directory, store)
  } finally {
    directory.close()
  }
}

/** Every phone, by name. */
export function phonesIn(replica: Replica): PhoneStatus[] {
  return Array.from(replica.keysUnder('device:'), (key) => phoneOf(replica, key.slice('device:'.length))).sort((one, other) =>
    one.device.localeCompare(other.device, 'en', { numeric: true }),
  )
}

/** One phone. */
export function phoneOf(replica: Replica, device: string): PhoneStatus {
  const record = replica.hash(`device:${device}`)
  const user = replica.hash('devices')?.get(device) ?? null
  const since = Number(record?.get('since'))
  return {
    device,
    site: record?.get('site') ?? '',
    state: user === null ? 'idle' : record?.get('state') === 'draining' ? 'draining' : 'active',
    user,
    name: user === null ? null : (replica.hash(`user:${user}`)?.get('name') ?? null),
    since: since > 0 ? new Date(since * 1_000).toISOString() : null,
    registered: replica.hash(`reg:${device}`) !== undefined,
    refresh: record?.get('refresh') ?? null,
    refreshable: isRefreshable(record?.get('refreshable')),
  }
}

/** `no Linphone/5.1`: whether it refreshes, and its software. */
function isRefreshable(field = ''): boolean | null {
  const [answer] = field.split(' ')
  return answer === 'yes' ? true : answer === 'no' ? false : null
}

export function statusLines(phones: readonly PhoneStatus[], now: number): string[] {
  const rows = phones.map(({ device, site, state, user, name, since, registered, refresh, refreshable }) => [
    device,
    site,
    state,
    user ?? '-',
    name ?? '-',
    since === null ? '-' : ago(now - Date.parse(since) / 1_000),
    registered ? 'yes' : 'no',
    refresh === 'unconfirmed' && refreshable === false ? 'not supported' : (refresh ?? '-'),
  ])
  return table([['DEVICE', 'SITE', 'STATE', 'USER', 'NAME', 'SINCE', 'REGISTERED', 'DISPLAY'], ...rows])
}
