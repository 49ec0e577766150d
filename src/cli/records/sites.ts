import type { Command } from 'commander'
import { parseNodeName, type SiteName } from '../../base/identity.js'
import type { Directory, Site } from '../../directory/directory.js'
import type { Store } from '../../store/store.js'
import { localTime } from '../history/entries.js'
import { asJson, type CommandNeeds } from '../needs.js'
import { type NodeState, stateOfNode, troubleOf } from '../nodes/node-state.js'
import { siteArgument } from '../operator/arguments.js'
import { withDirectory } from '../operator/network.js'
import { planOf, type SiteOverview, sitesIn } from '../operator/site-overview.js'
import { table } from '../output/terminal.js'
import { addFieldOptions, editsIn, entriesOf, type Named, plainRecord, recordLines } from './field-options.js'
import {
  type Confirmation,
  existsText,
  type Form,
  objectionTo,
  printRefusal,
  type RecordCommand,
  reportRefusal,
  reportRemoved,
  reportSaved,
  unknownText,
  yesOption,
} from './outcome.js'
import { mergedSiteEdit, siteFields } from './site-fields.js'

/** `hotdesk site …` */
export function siteCommands(site: Command, needs: CommandNeeds): void {
  site.addHelpText(
    'after',
    [
      '\nA site exists as soon as a dial plan (dialplans/<site>.yaml), a node, a phone or a user names it. Its record is shared by all nodes;',
      'its numbers and trunks are in its dial plan.',
      '\nExamples:',
      '  hotdesk site add lyon --name "Lyon, rue de la République"',
      '  hotdesk site set lyon --home-lost-logout never --home-return return',
      '  hotdesk site list',
      '  hotdesk site show paris --json',
      '  hotdesk device set HD0005 --site london            moves a phone to another site',
    ].join('\n'),
  )
  writingCommands(site, needs)
  site
    .command('show')
    .description('show a site: its nodes, phones, users and dial plan')
    .addHelpText('after', '\nExamples:\n  hotdesk site show paris\n  hotdesk site show paris --json')
    .addArgument(siteArgument())
    .option(...asJson)
    .action((id: SiteName, form: Form) =>
      withSites(needs, async (sites, directory, store) => {
        const found = sites.find(({ site }) => site === id)
        if (found) show(found, await stateOfSite(found, directory, store), { form, needs })
        else printRefusal(needs, id, [unknownText('site')])
      }),
    )
  site
    .command('list')
    .description('list every site')
    .addHelpText('after', '\nExamples:\n  hotdesk site list\n  hotdesk site list --json')
    .option(...asJson)
    .action((form: Form) => withSites(needs, (sites) => list(sites, form, needs)))
}

function writingCommands(site: Command, needs: CommandNeeds): void {
  const command = (subject: SiteName, form: Form): RecordCommand => ({ needs, kind: 'site', subject, form })
  addFieldOptions(site.command('add').addArgument(siteArgument()), siteFields)
    .description('add a site')
    .addHelpText('after', '\nExample:\n  hotdesk site add lyon --name "Lyon, rue de la République"')
    .option(...asJson)
    .action((id: SiteName, named: Named & Form) => add(command(id, named), id, named))
  addFieldOptions(site.command('set').addArgument(siteArgument()), siteFields)
    .description('change a site; pass "" to clear a value')
    .addHelpText('after', '\nExample:\n  hotdesk site set lyon --home-lost-logout never --home-return return')
    .option(...asJson)
    .action((id: SiteName, named: Named & Form) => set(command(id, named), id, named))
  site
    .command('rm')
    .description('remove a site that no node, phone or user belongs to')
    .addHelpText('after', '\nExamples:\n  hotdesk site rm lyon\n  hotdesk site rm lyon --yes')
    .addArgument(siteArgument())
    .option(...yesOption)
    .option(...asJson)
    .action((id: SiteName, form: Form & Confirmation) => remove(command(id, form), id, form))
}

type Work = (sites: readonly SiteOverview[], directory: Directory, store: Store) => void | Promise<void>

function withSites(needs: CommandNeeds, work: Work): Promise<void> {
  const config = needs.config('look')
  return withDirectory(config, async (directory: Directory, store: Store) =>
    work(sitesIn(directory, store.replica, config), directory, store),
  )
}

function add(command: RecordCommand, id: SiteName, named: Named): Promise<void> {
  const edit = mergedSiteEdit(editsIn(siteFields, named))
  return withSites(command.needs, async (_sites, directory) => {
    const present = directory.site(id)
    const outcome = await directory.putSite(id, edit, 'new')
    if (outcome.outcome === 'EXISTS' && present && present.name !== id)
      reportRefusal(command, [existsText('site', `${id} (${present.name})`)])
    else reportSaved(command, outcome)
  })
}

async function set(command: RecordCommand, id: SiteName, named: Named): Promise<void> {
  const edit = mergedSiteEdit(editsIn(siteFields, named))
  if (Object.keys(edit).length === 0) return reportRefusal(command, ['no changes given; hotdesk site set --help shows what there is'])
  await withSites(command.needs, async (sites, directory) => {
    // A site that only a dial plan, a phone or a user names has no record yet.
    const isNamed = sites.some(({ site }) => site === id)
    reportSaved(command, isNamed ? await directory.putSite(id, edit) : { outcome: 'UNKNOWN' })
  })
}

function remove(command: RecordCommand, id: SiteName, confirmation: Confirmation): Promise<void> {
  return withSites(command.needs, async (sites, directory) => {
    const present = sites.find(({ site }) => site === id)
    const namedBy = present ? namesOf(present) : []
    if (namedBy.length > 0) return reportRefusal(command, [`it is still used by ${namedBy.join(', ')}`])
    const objection = present?.record ? await objectionTo(`site ${id}`, confirmation, command.needs) : null
    if (objection !== null) return reportRefusal(command, [objection])
    reportRemoved(command, await directory.removeSite(id))
  })
}

function namesOf({ nodes, phones, users }: SiteOverview): readonly string[] {
  const counts = [
    [nodes.length, 'live node', 'live nodes'],
    [phones, 'phone', 'phones'],
    [users, 'user', 'users'],
  ] as const
  return counts.flatMap(([count, one, many]) => (count === 0 ? [] : [`${count} ${count === 1 ? one : many}`]))
}

/** A site's dial plan may be on the machines of its nodes alone. */
const notHere = 'not on this machine'

function list(sites: readonly SiteOverview[], { json }: Form, { terminal }: CommandNeeds): void {
  const rows = sites.map(({ site, nodes, phones, registered, loggedIn, users, dialplan }) => [
    site,
    nodes.join(' ') || '-',
    String(phones),
    String(registered),
    String(loggedIn),
    String(users),
    dialplan ?? notHere,
  ])
  const head = ['SITE', 'NODES', 'PHONES', 'REGISTERED', 'LOGGED IN', 'USERS', 'DIAL PLAN']
  const lines = json ? [JSON.stringify(sites.map(plainSite), null, 2)] : table([head, ...rows])
  for (const line of lines) terminal.print(line)
}

/** As JSON: times as text, settings as fields. */
function plainSite({ record, ...about }: SiteOverview) {
  const settings = record ? plainRecord(siteFields, record) : {}
  const { timezone = null, language = null } = record ?? {}
  return { ...about, ...settings, timezone, language, lost: timeText(record?.lost), back: timeText(record?.back) }
}

/** What the nodes of the site report for its phones. */
function publishedEntries({ timezone, language, codes }: Site): [string, string][] {
  const keys = Array.from(codes.named, ([name, code]) => `${name} ${code}`)
  return [
    ['time zone', timezone ?? ''],
    ['language', language ?? ''],
    ['codes of keys', keys.join(', ')],
  ]
}

function timeText(ms: number | null | undefined): string | null {
  return ms == null ? null : new Date(ms).toISOString()
}

/** The state of the first of its nodes that answers. */
async function stateOfSite({ site, nodes }: SiteOverview, directory: Directory, store: Store): Promise<NodeState | null> {
  for (const name of nodes) {
    const state = await stateOfNode({ node: parseNodeName(name), site }, directory, store)
    if ('answer' in state) return state.answer
  }
  return null
}

interface Showing {
  readonly form: Form
  readonly needs: CommandNeeds
}

/** A running node knows the dial plan that is in force; the one on this machine may be another. */
function show(found: SiteOverview, state: NodeState | null, { form: { json }, needs }: Showing): void {
  const { print, complain, paint } = needs.terminal
  const { site, record, phones, registered, loggedIn, users, dialplan } = found
  const plan = state?.plan ?? planOf(found, needs.config('look'))
  for (const problem of state?.plan.problems ?? []) complain(`${paint.bad('warning:')} the dial plan of ${state?.node}: ${problem}`)
  const entries: [string, string][] = [
    ...(record ? [...entriesOf(siteFields, record), ...publishedEntries(record)] : []),
    ['nodes', nodesText(found)],
    ['phones', `${phones}, ${registered} registered, ${loggedIn} logged in`],
    ['users', String(users)],
    ['dial plan', state ? `${state.plan.file}, as ${state.node} has loaded it` : planText(dialplan, found)],
    ...(plan ? planEntries(plan, state?.trunks ?? []) : []),
  ]
  const lines = json
    ? [JSON.stringify({ ...plainSite(found), plan, trunks: state?.trunks ?? null }, null, 2)]
    : [paint.strong(site), ...recordLines(entries, paint)]
  for (const line of lines) print(line)
}

function nodesText({ nodes, record }: SiteOverview): string {
  if (nodes.length > 0) return nodes.join(' ')
  return lostWords(record) ?? 'none is up'
}

function lostWords(record: Site | null): string | null {
  return record?.lost == null ? null : `none is up since ${localTime(record.lost)}`
}

function planText(file: string | null, { nodes }: SiteOverview): string {
  if (file === null) return notHere
  return nodes.length === 0 ? file : `${file} on this machine; no node of the site has answered`
}

type Plan = NonNullable<ReturnType<typeof planOf>>

function planEntries({ login, logout, elin, trunks }: Plan, states: NodeState['trunks']): [string, string][] {
  const named = trunks.map((name) => {
    const down = states.find((trunk) => trunk.name === name && trunk.state === 'down')
    return down ? `${name} (${troubleOf(down)})` : name
  })
  return [
    ['codes', `${login} logs in, ${logout} logs out`],
    ['emergency number', elin ?? "none, except the phones' own"],
    ['trunks', named.join(' ') || 'none'],
  ]
}
