import { AppError, errors, isAppError } from '../base/errors.js'
import type { NodeName } from '../base/identity.js'
import type { Level, Logger } from '../base/logger.js'
import { type Config, differences } from '../config/config.js'
import type { Asker, Frozen, Reply } from '../control/control.js'
import type { Dialplan, ReplaceablePlan } from '../dialplan/dialplan.js'
import { keptEvents, type StreamEvent } from '../hotdesk/hotdesk.js'
import type { Store } from '../store/store.js'
import type { ReplaceableSettings } from './live-settings.js'

/** The configuration and the dial plan, as they are on the disk. */
export interface Reading {
  readonly config: Config
  readonly dialplan: Dialplan
}

export interface ReloadNeeds {
  /** @throws AppError CONFIG_INVALID or DIALPLAN_INVALID with every problem of both */
  readonly read: () => Reading
  readonly plan: ReplaceablePlan
  readonly settings: ReplaceableSettings
  /** The function that it answers puts the prompts in force. */
  readonly readPrompts: (announcements: readonly string[]) => Promise<() => void>
  /** Reads the templates of phones again; a faulty one is logged and not used. */
  readonly readTemplates: (folder: string | null) => void
  /** If it rejects, the level is what it was. */
  readonly setLogLevel: (level: Level) => Promise<void>
  readonly node: NodeName
  readonly store: Pick<Store, 'append'>
  readonly log: Logger
}

/** Reads everything again, and takes over all of it or nothing. @throws AppError that says why nothing has changed */
export type Reload = (by: Asker) => Promise<Reloaded>

type Reloaded = Frozen<Reply<'reload'>>

export function createReload({ read, plan, settings, readPrompts, readTemplates, setLogLevel, node, store, log }: ReloadNeeds): Reload {
  const started = settings.current
  let running: Promise<unknown> = Promise.resolve()

  async function reload(by: Asker): Promise<Reloaded> {
    const { config, dialplan } = read()
    if (dialplan.site !== plan.current.site) throw errors.COMMAND_REFUSED.otherSite({ site: dialplan.site, own: plan.current.site })
    const { live } = differences(settings.current, config)
    const { restart } = differences(started, config)
    const isNewPlan = dialplan.fingerprint !== plan.current.fingerprint
    const changed = [...(isNewPlan ? ['the dial plan'] : []), ...live]
    // What can fail comes first: after it, everything is taken over at once.
    const replacePrompts = await readPrompts(dialplan.announcements)
    await setLogLevel(config.log.level)
    replacePrompts()
    readTemplates(config.provisioning.templates)
    settings.replace(config)
    if (isNewPlan) plan.replace(dialplan)
    log.info({ event: 'node.reloaded', by, changed, restart }, `reloaded by ${by}: ${wordsFor(changed, restart)}`)
    note({ event: 'reloaded', changed: changed.join(', '), restart: restart.join(', '), ...askerFields(by) })
    return { changed, restart, fingerprint: plan.current.fingerprint }
  }

  function refused(fault: unknown, by: Asker): never {
    const reason = isAppError(fault) ? fault.says : String(fault)
    log.error({ event: 'node.reloaded', by, reason }, `nothing was reloaded: ${reason}`)
    note({ event: 'reload.refused', reason: fault instanceof AppError ? fault.code : 'fault', ...askerFields(by) })
    throw fault
  }

  function note(fields: { readonly event: StreamEvent } & Readonly<Record<string, string>>): void {
    store
      .append('events', { ...fields, node }, keptEvents)
      .catch(() => log.debug({ event: 'store.lost' }, `the event ${fields.event} was not written`))
  }

  return (by) => {
    // Two at once would read and take over in different order.
    const next = running.then(() => reload(by)).catch((fault: unknown) => refused(fault, by))
    running = next.catch(() => undefined)
    return next
  }
}

/** `alice@host`, or the name of a signal. */
function askerFields(asker: Asker): Readonly<Record<string, string>> {
  const [, by, host] = /^(.*)@([^@]*)$/.exec(asker) ?? []
  return by === undefined || host === undefined ? { by: asker } : { via: 'cli', by, host }
}

function wordsFor(changed: readonly string[], restart: readonly string[]): string {
  const words = changed.length === 0 ? 'nothing has changed' : changed.join(', ')
  return restart.length === 0 ? words : `${words}; a restart is needed for ${restart.join(', ')}`
}
