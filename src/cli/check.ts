import { existsSync, readdirSync } from 'node:fs'
import { dirname, relative } from 'node:path'
import type { Command } from 'commander'
import { AppError, isAppError, messageOf } from '../base/errors.js'
import { silentLogger } from '../base/logger.js'
import { type Config, planSourceOf } from '../config/config.js'
import { mostOfSettings, readTextFile } from '../config/yaml/text-file.js'
import { type Dialplan, loadDialplan } from '../dialplan/dialplan.js'
import type { CommandNeeds } from './needs.js'
import { table } from './terminal.js'

/** Users and phones, held against configuration and dial plan. */
export interface NetworkVerdict {
  /** How many there are, or why nobody was looked at. */
  readonly says: string
  /** What works, and may not be what was meant. */
  readonly doubts: readonly string[]
}

export type LookAtNetwork = (config: Config, dialplan: Dialplan) => Promise<NetworkVerdict>

/** `hotdesk check` */
export function checkCommand(program: Command, needs: CommandNeeds, lookAtNetwork: LookAtNetwork): void {
  program
    .command('check')
    .description('read the configuration and the dial plan; say what is wrong with them and with what Redis has, or what they amount to')
    .option('--json', 'the verdict as JSON')
    .addHelpText('after', '\nExamples:\n  hotdesk check\n  hotdesk --config /etc/hotdesk/hotdesk.yaml check')
    .action(async (options: { json?: boolean }) => {
      const { config, dialplan } = readSettings(needs)
      const { says, doubts } = await lookAtNetwork(config, dialplan)
      const verdict = [...verdictOf(config, dialplan), ['people', says] as const]
      const { print, complain, paint } = needs.terminal
      for (const doubt of doubts) complain(`${paint.bad('look again:')} ${doubt}`)
      if (options.json) return print(JSON.stringify({ ...summaryOf(config, dialplan), people: says, doubts }, null, 2))
      for (const line of table(verdict.map(([name, value]) => [paint.faint(name), value]))) print(line)
      print(paint.good('All good.'))
    })
}

/** Configuration and dial plan; leaves nothing behind. @throws AppError CONFIG_INVALID or DIALPLAN_INVALID with everything wrong in both */
export function readSettings({ config: read }: CommandNeeds): { readonly config: Config; readonly dialplan: Dialplan } {
  let config: Config
  try {
    config = read('look')
  } catch (fault) {
    if (!isAppError(fault, 'CONFIG_INVALID')) throw fault
    const place = planSourceOf(fault)
    const more = place && planFault({ site: place.site, dialplan: place.file })
    throw more ? new AppError('CONFIG_INVALID', `${fault.message}\n${more}`, fault) : fault
  }
  return { config, dialplan: readDialplan(config) }
}

/** What is wrong with a dial plan; null: nothing. */
function planFault(plan: PlanToRead): string | null {
  try {
    readDialplan(plan)
    return null
  } catch (fault) {
    if (!isAppError(fault, 'DIALPLAN_INVALID')) throw fault
    return fault.message
  }
}

type PlanToRead = Pick<Config, 'dialplan' | 'site'>

/** The dial plan that the configuration names. @throws AppError DIALPLAN_INVALID */
export function readDialplan({ dialplan, site }: PlanToRead): Dialplan {
  const file = relative(process.cwd(), dialplan)
  if (!existsSync(dialplan))
    throw new AppError(
      'DIALPLAN_INVALID',
      `site ${site} has no dial plan: expected the file ${file} (${neighbours(dialplan)}); see dialplans/README.md`,
    )
  return loadDialplan({ text: textOf(dialplan, file), file, site, log: silentLogger() })
}

const mostNeighbours = 5

/** What is in its place. */
function neighbours(file: string): string {
  const folder = dirname(file)
  const name = relative(process.cwd(), folder) || '.'
  try {
    const found = readdirSync(folder).filter((each) => /\.ya?ml$/.test(each) && isPlainName(each))
    return found.length === 0
      ? `the folder ${name} has no dial plan`
      : `the folder ${name} has ${found.slice(0, mostNeighbours).join(', ')}`
  } catch {
    return `the folder ${name} cannot be read`
  }
}

function isPlainName(text: string): boolean {
  return /^[\w.-]{1,60}$/.test(text)
}

function textOf(path: string, file: string): string {
  try {
    return readTextFile(path, mostOfSettings)
  } catch (fault) {
    throw new AppError('DIALPLAN_INVALID', `the dial plan ${file} cannot be read: ${messageOf(fault)}`, fault)
  }
}

function verdictOf(config: Config, dialplan: Dialplan): (readonly [string, string])[] {
  const { node, site, network, sip, http, redis, durability, drachtio, data } = config
  return [
    ['configuration', config.sample ? 'none: the sample' : 'read'],
    ['node', `${node} at ${site}, network ${network}`],
    ['sip', `${sip.listen.map(({ protocol, address, port }) => `${protocol}/${address}:${port}`).join('  ')}, domain ${sip.domain}`],
    ['http', `${http.address}:${http.port}`],
    ['drachtio', drachtio === 'embedded' ? 'embedded' : `${drachtio.host}:${drachtio.port}`],
    ['redis', `${placeOf(redis)}${durability === 'replicated' ? ', logins confirmed by a replica' : ''}`],
    ['data', data],
    [
      'dial plan',
      `${dialplan.trunks.length} ${dialplan.trunks.length === 1 ? 'trunk' : 'trunks'}, login ${dialplan.codes.login}, logout ${dialplan.codes.logout}`,
    ],
  ]
}

/** The same for a program. */
function summaryOf(config: Config, { trunks, codes }: Dialplan) {
  const { node, site, network, sip, http, redis, durability, drachtio, data, dialplan } = config
  return {
    configuration: config.sample ? 'sample' : 'read',
    node,
    site,
    network,
    sip: { listen: sip.listen.map(({ protocol, address, port }) => `${protocol}/${address}:${port}`), domain: sip.domain },
    http: { address: http.address, port: http.port },
    drachtio: drachtio === 'embedded' ? 'embedded' : `${drachtio.host}:${drachtio.port}`,
    redis: placeOf(redis),
    durability,
    data,
    dialPlan: { file: dialplan, trunks: trunks.length, login: codes.login, logout: codes.logout },
  }
}

function placeOf(redis: Config['redis']): string {
  if (redis.kind === 'sentinel') return `${redis.name} by ${redis.sentinels.length} sentinels`
  if (redis.kind === 'cluster') return `a cluster by ${redis.servers.length} of its servers`
  if (redis.kind === 'embedded') return 'embedded'
  const { protocol, host, pathname } = new URL(redis.url.reveal())
  return `${protocol}//${host}${pathname}`
}
