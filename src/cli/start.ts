import type { Command } from 'commander'
import type { App } from '../app.js'
import { systemClock } from '../base/clock.js'
import { isAppError, messageOf } from '../base/errors.js'
import { createLogger } from '../base/logger.js'
import type { Config } from '../config.js'
import { bannerLines } from './banner.js'
import { readDialplan } from './check.js'
import type { CommandNeeds } from './needs.js'
import { endOf, type ProcessEvents, processEvents } from './process-events.js'

/** After a fault nothing is certain; the embedded Redis still deserves an orderly end. */
const closeAfterFaultMs = 5_000

/** `hotdesk start` */
export function startCommand(program: Command, needs: CommandNeeds): void {
  program
    .command('start')
    .description('run a node until Ctrl-C')
    .addHelpText(
      'after',
      [
        '\nExamples:',
        '  hotdesk start                                      the sample network, or hotdesk.yaml in this folder',
        '  hotdesk start --config /etc/hotdesk/hotdesk.yaml',
        '  HOTDESK_LOG_LEVEL=debug hotdesk start              every setting has a variable',
      ].join('\n'),
    )
    .action(async () => needs.exit(await start(needs)))
}

async function start(needs: CommandNeeds): Promise<0 | 1> {
  const config = needs.config('run')
  readDialplan(config)
  if (config.redis.kind === 'embedded') await needs.provide('redis-server')
  const events = processEvents()
  try {
    return await run(config, needs, events)
  } finally {
    events.close()
  }
}

async function run(config: Config, { terminal }: CommandNeeds, events: ProcessEvents): Promise<0> {
  const end = endOf(events, systemClock)
  const opening = openApp(config)
  const early = await Promise.race([opening.then(() => null), end])
  if (early === null) for (const line of bannerLines({ config, app: await opening, paint: terminal.paint })) terminal.print(line)
  const why = early ?? (await end)
  if (why.by === 'fault') {
    createLogger({ ...config.log, node: config.node, site: config.site }).fatal(
      { event: 'node.fault', err: why.fault },
      messageOf(why.fault),
    )
    terminal.complain(`${terminal.paint.bad('hotdesk:')} ${lastWords(why.fault)}`)
    systemClock.after(closeAfterFaultMs, () => events.abandon(1))
  }
  const app = await opening
  await app.close()
  if (why.by === 'fault') return events.abandon(1)
  terminal.print(terminal.paint.faint('Good-bye.'))
  return 0
}

function lastWords(fault: unknown): string {
  return isAppError(fault) ? fault.message : `this node ends by a fault that nobody expected: ${messageOf(fault)}`
}

/** Loaded only here: other commands start faster without it. */
async function openApp(config: Config): Promise<App> {
  const { createApp } = await import('../app.js')
  return createApp(config)
}
