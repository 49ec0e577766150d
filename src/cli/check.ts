import type { Command } from 'commander'
import type { Config } from '../config/config.js'
import type { Dialplan } from '../dialplan/dialplan.js'
import { allowAbroad, barredAbroad } from './abroad-routes.js'
import { prompts } from './doctor/site.js'
import { asJson, type CommandNeeds } from './needs.js'
import { table } from './output/terminal.js'
import { networkVerdict } from './plan-check.js'
import { countryDoubts, type Doubt, doubtText } from './references/references.js'
import { readSettings } from './settings.js'

/** `hotdesk check` */
export function checkCommand(command: Command, needs: CommandNeeds): void {
  command
    .option(...asJson)
    .addHelpText('after', '\nExamples:\n  hotdesk check\n  hotdesk --config /etc/hotdesk/hotdesk.yaml check')
    .action(async (options: { json?: boolean }) => {
      const { config, dialplan } = readSettings(needs)
      const { says, doubts: ofRecords } = await networkVerdict(config, dialplan)
      const barred = barredAbroad(dialplan)
      const doubts = [
        ...ofRecords,
        ...(barred === null ? [] : [`${barred}; ${allowAbroad}`]),
        ...countryDoubts(dialplan).map(doubtText),
        ...(await silentAnnouncements(dialplan)).map(doubtText),
      ]
      const verdict = [...verdictOf(config, dialplan), ['records', says] as const]
      const { print, complain, paint } = needs.terminal
      for (const doubt of doubts) complain(`${paint.bad('warning:')} ${doubt}`)
      if (options.json) return print(JSON.stringify({ ...summaryOf(config, dialplan), people: says, doubts }, null, 2))
      for (const line of table(verdict.map(([name, value]) => [paint.faint(name), value]))) print(line)
      print(paint.good('No errors.'))
    })
}

/** Announcements of the dial plan without a recording that can be played. */
async function silentAnnouncements({ announcements }: Dialplan): Promise<readonly Doubt[]> {
  if (announcements.length === 0) return []
  const findings = await prompts(announcements)
  return findings.flatMap((finding) =>
    finding.verdict !== 'good' && announcements.some((name) => finding.says.includes(`/${name}.wav`)) ? [finding] : [],
  )
}

function verdictOf(config: Config, dialplan: Dialplan): (readonly [string, string])[] {
  const { node, site, network, sip, http, redis, durability, drachtio, data } = config
  return [
    ['configuration', config.sample ? 'the sample (no hotdesk.yaml)' : 'read'],
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

/** The same as JSON. */
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
