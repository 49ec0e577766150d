import type { Command } from 'commander'
import { isAppError } from '../../base/errors.js'
import { counted } from '../../base/output/counted.js'
import type { Config } from '../../config/config.js'
import { asJson, type CommandNeeds } from '../needs.js'
import { type Paint, table } from '../output/terminal.js'
import { type Finding, findingsAbout } from './finding.js'
import { loadedPlan } from './loaded-plan.js'
import { dataFolder, keptSecret, nodeVersion, redisProgram } from './machine.js'
import { network } from './network.js'
import { findOwnNode, ownFindings } from './own-node.js'
import { drachtio, ports } from './ports.js'
import { redis } from './redis.js'
import { certificate, prompts, sitePlan } from './site.js'
import { templates } from './templates.js'

/** `hotdesk doctor` */
export function doctorCommand(command: Command, needs: CommandNeeds): void {
  command
    .option(...asJson)
    .addHelpText('after', '\nThe exit code is 1 if there are errors (✗); warnings (!) do not count.\n\nExample:\n  hotdesk doctor')
    .action(async ({ json }: { json?: boolean }) => {
      const findings = await diagnosis(needs)
      const { print, hint, paint } = needs.terminal
      const lines = json ? [JSON.stringify(findings, null, 2)] : reportLines(findings, paint).map(hint)
      for (const line of lines) print(line)
      needs.exit(findings.some(({ verdict }) => verdict === 'wrong') ? 1 : 0)
    })
}

async function diagnosis(needs: CommandNeeds): Promise<readonly Finding[]> {
  const { good, wrong } = findingsAbout('configuration')
  const node = nodeVersion(process.versions.node)
  try {
    const config = needs.config('look')
    const read = good(`node ${config.node} at ${config.site}, network ${config.network}${config.sample ? ', the sample' : ''}`)
    return [node, read, ...(await examination(config))]
  } catch (fault) {
    if (!isAppError(fault, 'CONFIG_INVALID')) throw fault
    return [node, wrong(fault.message, 'correct it, then run hotdesk check')]
  }
}

/** Redis is inspected before it is used, because the first use loads missing functions. */
async function examination(config: Config): Promise<readonly Finding[]> {
  const { dialplan, findings: plan } = sitePlan(config)
  const server = await redis(config)
  const people = server.answers ? await network(config, dialplan).catch(unreadable) : []
  const loaded = server.answers ? await loadedPlan(config).catch(() => []) : []
  const own = await findOwnNode(config)
  return [
    ...(await ownFindings(own, config)),
    await dataFolder(config),
    ...keptSecret(config),
    ...plan,
    ...loaded,
    ...(await prompts(dialplan?.announcements ?? [])),
    ...certificate(config),
    ...(await ports(config, own)),
    ...(await drachtio(config)),
    ...(await redisProgram(config)),
    ...server.findings,
    ...people,
    ...(server.answers ? await templates(config).catch(unreadable) : []),
  ]
}

/** For a Redis that answers although its functions or records cannot be used. */
function unreadable(fault: unknown): readonly Finding[] {
  if (!isAppError(fault)) throw fault
  return [findingsAbout('records').wrong(fault.says, fault.todo)]
}

const marks = { good: '✓', mind: '!', wrong: '✗' } as const

function reportLines(findings: readonly Finding[], paint: Paint): string[] {
  const colours = { good: paint.good, mind: paint.key, wrong: paint.bad }
  const rows = table(findings.map(({ about, verdict, says }) => [colours[verdict](marks[verdict]), about, says.split('\n')[0] ?? '']))
  const lines = findings.flatMap((finding, index) => [rows[index] ?? '', ...furtherLines(finding, paint)])
  const count = (verdict: Finding['verdict']): number => findings.filter((finding) => finding.verdict === verdict).length
  const [wrong, mind] = [count('wrong'), count('mind')]
  const sum = wrong > 0 ? paint.bad(counted(wrong, 'error')) : paint.good('No errors')
  return [...lines, '', `${sum}${mind > 0 ? `, ${counted(mind, 'warning')}` : ''}.`]
}

/** Further lines of the finding, and what to do. */
function furtherLines(finding: Finding, paint: Paint): string[] {
  const further = finding.says.split('\n').slice(1)
  return [...further, ...(finding.verdict === 'good' ? [] : [`   ${paint.faint('→')} ${finding.todo}`])]
}
