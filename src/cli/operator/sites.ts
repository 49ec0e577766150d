import { existsSync, readdirSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import type { Command } from 'commander'
import { type DeviceId, parseSiteName, type SiteName } from '../../base/identity.js'
import type { Config } from '../../config.js'
import type { Directory } from '../../directory/directory.js'
import type { Replica } from '../../store/store.js'
import { readDialplan } from '../check.js'
import { asJson, type CommandNeeds } from '../needs.js'
import { recordLines } from '../records/field-options.js'
import { tellRefused } from '../records/outcome.js'
import { table } from '../terminal.js'
import { withDirectory } from './network.js'

/** One office, as the network knows it. */
interface Site {
  readonly site: SiteName
  /** Living ones. */
  readonly nodes: readonly string[]
  readonly phones: number
  readonly registered: number
  readonly loggedIn: number
  /** People who belong there. */
  readonly users: number
  /** On this machine; null: there is none here. */
  readonly dialplan: string | null
}

type Form = { readonly json?: boolean }

/** `hotdesk site …` */
export function siteCommands(program: Command, needs: CommandNeeds): void {
  const site = program
    .command('site')
    .description('offices: list, show; a site is what dial plans, nodes, phones and people name')
    .addHelpText(
      'after',
      [
        '\nThere is nothing to add or to remove: a site is there as soon as a dial plan (dialplans/<site>.yaml), a node, a phone or a person',
        'names it, and gone when nothing does.',
        '\nExamples:',
        '  hotdesk site list',
        '  hotdesk site show paris --json',
        '  hotdesk device set HD0005 --site london            moves a phone to another site',
      ].join('\n'),
    )
  site
    .command('list')
    .description('every site')
    .option(...asJson)
    .action(async (form: Form) => list(await sitesOf(needs.config('look')), form, needs))
  site
    .command('show')
    .description('one site: its nodes, phones, people, and what its dial plan says')
    .argument('<site>', 'such as paris')
    .option(...asJson)
    .action(async (name: string, form: Form) => {
      const config = needs.config('look')
      const found = (await sitesOf(config)).find(({ site: known }) => known === name)
      if (!found) return tellRefused(needs, name, ['there is no such site; hotdesk site list shows them'])
      show(found, planOf(found, config), form, needs)
    })
}

function sitesOf(config: Config): Promise<readonly Site[]> {
  return withDirectory(config, (directory, { replica }) => Promise.resolve(sitesIn(directory, replica, config)))
}

function sitesIn(directory: Directory, replica: Replica, config: Config): readonly Site[] {
  const [nodes, devices, users] = [directory.nodes(), directory.devices(), directory.users()]
  const named = [config.site, ...planned(config), ...[...nodes, ...devices].map(({ site }) => site), ...users.map(({ home }) => home)]
  const isRegistered = (id: DeviceId): boolean => replica.hash(`reg:${id}`) !== undefined
  const isTaken = (id: DeviceId): boolean => replica.hash('devices')?.has(id) ?? false
  return [...new Set(named)].toSorted().map((site) => {
    const phones = devices.filter((device) => device.site === site)
    return {
      site,
      nodes: nodes.filter((node) => node.site === site).map(({ name }) => name),
      phones: phones.length,
      registered: phones.filter(({ id }) => isRegistered(id)).length,
      loggedIn: phones.filter(({ id }) => isTaken(id)).length,
      users: users.filter(({ home }) => home === site).length,
      dialplan: fileOf(site, config),
    }
  })
}

/** Sites whose dial plan lies beside the one of this node. */
function planned(config: Config): SiteName[] {
  const folder = dirname(config.dialplan)
  const files = existsSync(folder) ? readdirSync(folder).filter((file) => file.endsWith('.yaml')) : []
  return files.flatMap((file) => (join(folder, file) === config.dialplan ? [] : (parseSiteName(basename(file, '.yaml')) ?? [])))
}

function fileOf(site: SiteName, { dialplan, site: own }: Config): string | null {
  const file = site === own ? dialplan : join(dirname(dialplan), `${site}.yaml`)
  return existsSync(file) ? file : null
}

/** What of its dial plan an operator asks for. */
function planOf({ site, dialplan: file }: Site, config: Config) {
  if (file === null) return null
  const { codes, elin, trunks } = readDialplan({ ...config, site, dialplan: file })
  return { login: codes.login, logout: codes.logout, elin, trunks: trunks.map(({ name }) => name) }
}

function list(sites: readonly Site[], { json }: Form, { terminal }: CommandNeeds): void {
  const rows = sites.map(({ site, nodes, phones, registered, loggedIn, users, dialplan }) => [
    site,
    nodes.join(' ') || '-',
    String(phones),
    String(registered),
    String(loggedIn),
    String(users),
    dialplan ?? '-',
  ])
  const head = ['SITE', 'NODES', 'PHONES', 'REGISTERED', 'LOGGED IN', 'USERS', 'DIAL PLAN']
  const lines = json ? [JSON.stringify(sites, null, 2)] : table([head, ...rows])
  for (const line of lines) terminal.print(line)
}

function show({ site, ...about }: Site, plan: ReturnType<typeof planOf>, { json }: Form, { terminal }: CommandNeeds): void {
  const { nodes, phones, registered, loggedIn, users, dialplan } = about
  const entries: [string, string][] = [
    ['nodes', nodes.join(' ') || 'none is up'],
    ['phones', `${phones}, ${registered} registered, ${loggedIn} with somebody logged in`],
    ['people', String(users)],
    ['dial plan', dialplan ?? 'not on this machine'],
    ...(plan ? planEntries(plan) : []),
  ]
  const lines = json
    ? [JSON.stringify({ site, ...about, plan }, null, 2)]
    : [terminal.paint.strong(site), ...recordLines(entries, terminal.paint)]
  for (const line of lines) terminal.print(line)
}

function planEntries({ login, logout, elin, trunks }: NonNullable<ReturnType<typeof planOf>>): [string, string][] {
  return [
    ['codes', `${login} logs in, ${logout} logs out`],
    ['emergency number', elin ?? 'none but those of the phones'],
    ['trunks', trunks.join(' ') || 'none'],
  ]
}
