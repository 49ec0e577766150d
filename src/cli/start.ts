import type { Command } from 'commander'
import type { App } from '../app.js'
import { systemClock } from '../base/clock.js'
import { messageOf } from '../base/errors.js'
import { createLogger } from '../base/logger.js'
import type { Config } from '../config.js'
import { bannerLines } from './banner.js'
import { readDialplan } from './check.js'
import type { CommandNeeds } from './needs.js'
import { type ProcessEvents, processEvents } from './process-events.js'

/** After a fault nothing is certain; the embedded Redis still deserves an orderly end. */
const closeAfterFaultMs = 5_000

/** `hotdesk start` */
export function startCommand(program: Command, needs: CommandNeeds): void {
  program
    .command('start')
    .description('run a node until Ctrl-C')
    .addHelpText(
      'after',
      '\nExamples:\n  hotdesk start                                    the sample network, or hotdesk.yaml in this folder\n  hotdesk --config /etc/hotdesk/hotdesk.yaml start\n  HOTDESK_LOG_LEVEL=debug hotdesk start            every setting has a variable',
    )
    .action(async () => needs.exit(await start(needs)))
}

async function start({ terminal, config: read, provide }: CommandNeeds): Promise<0 | 1> {
  const config = read('run')
  readDialplan(config)
  if (config.redis.kind === 'embedded') await provide('redis-server')
  const events = processEvents()
  const end = untilEnd(events)
  try {
    const app = await openApp(config)
    for (const line of bannerLines({ config, app, paint: terminal.paint })) terminal.print(line)
    const fault = await end
    if (fault === null) return await closed(app, terminal.paint.faint('Good-bye.'), terminal.print)
    createLogger({ ...config.log, node: config.node, site: config.site }).fatal(
      { event: 'node.fault', err: fault.thrown },
      messageOf(fault.thrown),
    )
    terminal.complain(`hotdesk: a fault that nobody expected ends this node: ${messageOf(fault.thrown)}`)
    systemClock.after(closeAfterFaultMs, () => events.abandon(1))
    await app.close()
    return events.abandon(1)
  } finally {
    events.close()
  }
}

async function closed(app: App, farewell: string, print: (text: string) => void): Promise<0> {
  await app.close()
  print(farewell)
  return 0
}

/** Null after a signal. A second signal does not wait for anything. */
function untilEnd(events: ProcessEvents): Promise<{ readonly thrown: unknown } | null> {
  return new Promise((resolve) => {
    let asked = 0
    events.onStop(() => {
      asked += 1
      if (asked > 1) events.abandon(130)
      resolve(null)
    })
    events.onFault((thrown) => resolve({ thrown }))
  })
}

/** Loaded only here: other commands start faster without it. */
async function openApp(config: Config): Promise<App> {
  const { createApp } = await import('../app.js')
  return createApp(config)
}
