import type { Command } from 'commander'
import type { App, AppNeeds } from '../app.js'
import { type Milliseconds, systemClock } from '../base/clock.js'
import { errors, isAppError, messageOf } from '../base/errors.js'
import { drainSignal } from '../base/host/run-file.js'
import { createLogger } from '../base/logger.js'
import type { Config } from '../config/config.js'
import { bannerLines } from './banner.js'
import { findOwnNode, processId } from './doctor/own-node.js'
import { withHolder } from './doctor/ports.js'
import type { CommandNeeds } from './needs.js'
import { errorLines } from './output/error-lines.js'
import type { Paint, Terminal } from './output/terminal.js'
import { type End, endOf, type ProcessEvents, processEvents } from './process-events.js'
import { readSettings } from './settings.js'

/** Time for an orderly end of the embedded Redis after a fault. */
const closeAfterFaultMs = 5_000

/** `hotdesk start` */
export function startCommand(command: Command, needs: CommandNeeds): void {
  command
    .addHelpText(
      'after',
      [
        '\nExamples:',
        '  hotdesk start                                      the sample network, or hotdesk.yaml in this folder',
        '  hotdesk start --config /etc/hotdesk/hotdesk.yaml',
        '  HOTDESK_LOG_LEVEL=debug hotdesk start              every setting has an environment variable',
      ].join('\n'),
    )
    .action(async () => needs.exit(await start(needs)))
}

async function start(needs: CommandNeeds): Promise<0 | 1> {
  const events = processEvents()
  const emergencyCalls = watchEmergencyCalls(needs.terminal)
  // The log has the outcome.
  const reloads = watchRequests((app) => void app.reload('SIGHUP').catch(() => undefined))
  const drains = watchRequests((app) => app.drain(drainSignal))
  events.onReload(reloads.ask)
  events.onDrain(drains.ask)
  const end = endOf(events, { clock: systemClock, mayAbandon: emergencyCalls.mayAbandon })
  try {
    const read = () => readSettings(needs)
    read()
    const config = needs.config('run')
    if (config.redis.kind === 'embedded' && (await hasEnded(needs.provide('redis-server'), end))) return await giveUp(end, needs, events)
    return await run({ config, read, followers: [reloads, drains], events, end, emergencyCalls }, needs).catch(async (fault: unknown) =>
      Promise.reject(await explained(fault, config)),
    )
  } finally {
    events.close()
  }
}

/** For a port or folder in use: whether the node of this configuration is running, else which program has the port. */
async function explained(fault: unknown, config: Config): Promise<unknown> {
  if (!isAppError(fault, 'PORT_IN_USE') && !isAppError(fault, 'DATA_IN_USE')) return fault
  const own = await findOwnNode(config)
  if (own.state === 'runs') {
    return errors.NODE_NAME_TAKEN.own({ node: config.node, process: processId(own.process) }, fault)
  }
  return withHolder(fault)
}

interface Run {
  readonly config: Config
  readonly read: AppNeeds['read']
  readonly followers: readonly Pick<ReturnType<typeof watchRequests>, 'follow'>[]
  readonly events: ProcessEvents
  readonly end: Promise<End>
  readonly emergencyCalls: ReturnType<typeof watchEmergencyCalls>
}

async function run({ config, read, followers, events, end, emergencyCalls }: Run, needs: CommandNeeds): Promise<0> {
  const { terminal } = needs
  const stopping = new AbortController()
  const opening = openApp(config, { onCalls: emergencyCalls.follow, onDrained: events.stop, stopping: stopping.signal, read })
  const started = (await hasEnded(opening, end)) ? null : await opening
  if (started)
    for (const line of [...bannerLines({ config, app: started, paint: terminal.paint }), ...pathLines(terminal)]) terminal.announce(line)
  else stopping.abort()
  if (started) for (const { follow } of followers) follow(started)
  const reason = await end
  if (reason.by === 'fault') {
    createLogger({ ...config.log, node: config.node, site: config.site }).fatal(
      { event: 'node.fault', err: reason.fault },
      messageOf(reason.fault),
    )
    terminal.complain(faultText(reason.fault, terminal.paint))
    abandonLater(events, emergencyCalls.count, (started?.stopSeconds() ?? config.emergency.stopSeconds) * 1_000)
  }
  const app = await opening
  await app?.close()
  if (reason.by === 'fault') return events.abandon(1)
  if (!app) return stopNow(needs, events)
  terminal.announce(terminal.paint.faint('Stopped.'))
  return 0
}

/** How to use the other commands, if hotdesk is not on the PATH. */
function pathLines({ hint, paint }: Terminal): string[] {
  const example = hint('hotdesk status')
  if (example.startsWith('hotdesk ')) return []
  return [`  In another terminal: ${paint.key(example)}. To put hotdesk on the PATH: ${paint.key('npm link')}`, '']
}

/** Whether the process was asked to end before this work was done. */
async function hasEnded(work: Promise<unknown>, end: Promise<End>): Promise<boolean> {
  return (await Promise.race([work.then(() => null), end])) !== null
}

async function giveUp(end: Promise<End>, needs: CommandNeeds, events: ProcessEvents): Promise<never> {
  const reason = await end
  if (reason.by === 'fault') throw reason.fault
  return stopNow(needs, events)
}

/** During the start: a connection attempt or an installation may take minutes to end by itself. */
function stopNow({ terminal }: CommandNeeds, events: ProcessEvents): never {
  terminal.announce(terminal.paint.faint('Stopped.'))
  return events.abandon(0)
}

/** Emergency calls in progress, which a second Ctrl-C must not cut off. */
function watchEmergencyCalls({ complain, paint }: CommandNeeds['terminal']) {
  let calls: { readonly emergencies: number } = { emergencies: 0 }
  const count = (): number => calls.emergencies
  return {
    count,
    follow(followed: { readonly emergencies: number }): void {
      calls = followed
    },
    mayAbandon(): boolean {
      if (count() > 0)
        complain(
          `${paint.bad('hotdesk:')} an emergency call is in progress; the node stops when it ends. To stop now: kill -9 ${process.pid}`,
        )
      return count() === 0
    },
  }
}

/** What a signal asks for. A request during the start is carried out after it. */
function watchRequests(carryOut: (app: Pick<App, 'reload' | 'drain'>) => void) {
  let app: Pick<App, 'reload' | 'drain'> | null = null
  let isWaiting = false
  function ask(): void {
    isWaiting = app === null
    if (app) carryOut(app)
  }
  return {
    ask,
    follow(started: Pick<App, 'reload' | 'drain'>): void {
      app = started
      if (isWaiting) ask()
    },
  }
}

/** After a fault, the process ends even if its parts do not close, but not during an emergency call. */
function abandonLater(events: ProcessEvents, emergencies: () => number, emergencyMs: Milliseconds): void {
  const latest = systemClock.now() + closeAfterFaultMs + emergencyMs
  const look = (): void => {
    if (emergencies() === 0 || systemClock.now() >= latest) events.abandon(1)
    systemClock.after(1_000, look)
  }
  systemClock.after(closeAfterFaultMs, look)
}

function faultText(fault: unknown, paint: Paint): string {
  return isAppError(fault) ? errorLines(fault, paint) : `${paint.bad('hotdesk:')} unexpected error, the node ends: ${messageOf(fault)}`
}

/** Loaded here only, so that other commands start faster. */
async function openApp(config: Config, needs: AppNeeds): Promise<App | null> {
  const { createApp } = await import('../app.js')
  return createApp(config, needs)
}
