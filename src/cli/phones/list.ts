import { systemClock } from '../../base/clock.js'
import { type Device, phoneRecordOf } from '../../directory/directory.js'
import type { Replica } from '../../store/store.js'
import type { CommandNeeds } from '../needs.js'
import { withDirectory } from '../operator/network.js'
import { table } from '../output/terminal.js'
import { ago } from '../output/time-spans.js'
import type { Form } from '../records/outcome.js'

/** One phone, as `hotdesk phone list --json` shows it. */
interface Provisioned {
  readonly device: string
  readonly site: string
  readonly mac: string | null
  readonly model: string | null
  /** A URL has been issued and not revoked. */
  readonly url: boolean
  /** Time of the last fetch, ISO 8601 in UTC. */
  readonly fetched: string | null
  /** Whether it was the configuration that the phone must show now; null: it has fetched none. */
  readonly current: boolean | null
  readonly agent: string | null
  readonly from: string | null
}

/** `hotdesk phone list` */
export async function listPhones({ json }: Form, needs: CommandNeeds): Promise<void> {
  const phones = await withDirectory(needs.config('look'), (directory, { replica }) =>
    Promise.resolve(directory.devices().map((device) => provisioned(device, replica))),
  )
  const listed = phones.toSorted((one, other) => one.device.localeCompare(other.device, 'en', { numeric: true }))
  const { print, paint } = needs.terminal
  if (json) return print(JSON.stringify(listed, null, 2))
  const now = systemClock.now()
  const [head = '', ...rows] = table([
    ['DEVICE', 'SITE', 'MAC', 'URL', 'FETCHED', 'CURRENT', 'PHONE'],
    ...listed.map((phone) => cellsOf(phone, now)),
  ])
  print(paint.faint(head.trimEnd()))
  for (const row of rows) print(row)
}

function provisioned({ id, site, mac, model }: Device, replica: Pick<Replica, 'hash'>): Provisioned {
  const { salt, fetched, epoch, agent, from } = phoneRecordOf(replica, id)
  return {
    device: id,
    site,
    mac,
    model,
    url: salt !== null,
    fetched: fetched === null ? null : new Date(fetched).toISOString(),
    current: epoch === null ? null : epoch === (replica.hash(`device:${id}`)?.get('epoch') ?? '0'),
    agent,
    from,
  }
}

function cellsOf({ device, site, mac, model, url, fetched, current, agent }: Provisioned, now: number): string[] {
  const since = fetched === null ? 'never' : ago((now - Date.parse(fetched)) / 1_000)
  return [device, site, mac ?? '-', url ? 'yes' : '-', since, current === null ? '-' : current ? 'yes' : 'no', agent ?? model ?? '-']
}
