import type { Clock } from '../base/clock.js'
import { isAppError, messageOf } from '../base/errors.js'
import type { LogEvent } from '../base/events.js'
import type { DeviceId, Extension, NodeName } from '../base/identity.js'
import type { Logger } from '../base/logger.js'
import { fromZero, type Metrics } from '../base/metrics.js'
import type { Secret } from '../base/secret.js'
import type { Directory, User } from '../directory/directory.js'
import type { Store } from '../store/store.js'
import { createAssignments } from './assignments.js'
import { createCallsInProgress } from './calls-in-progress.js'
import type { AttemptLimits, Hotdesk, LoginOutcome, LogoutEverywhereOutcome, LogoutOutcome } from './contract.js'
import { keptEvents, type StreamEvent } from './events.js'
import { tryLogin, tryLogoutEverywhere } from './login.js'
import type { AutomaticLogout } from './reconcile/logout-due.js'
import { createReconciler } from './reconcile/reconcile.js'
import { outcomeOf, readLogout } from './replies.js'

export { createAssignments } from './assignments.js'
export { limitsOf } from './attempt-arguments.js'
export type * from './contract.js'
export { keptEvents, type StreamEvent, streamEvents } from './events.js'
export { hotdeskLibrary } from './library.js'
export { hashPin, isPinHash, issuePin, type PinPolicy, type PinWeakness, verifyPin, weaknessOf } from './pin.js'
export type { AutomaticLogout } from './reconcile/logout-due.js'

export interface HotdeskNeeds {
  readonly store: Store
  readonly directory: Directory
  readonly node: NodeName
  /** Asked in each round; null: logins do not end by time. */
  readonly automaticLogout: () => AutomaticLogout | null
  /** The boot with which the node joined the network. */
  readonly boot: string
  readonly clock: Clock
  readonly log: Logger
  readonly metrics: Metrics
  readonly attempts: () => AttemptLimits
  /** Whether the profile of the user allows a login at this site. */
  readonly mayVisit: (user: User) => boolean
  /** The network's secret: hides typed extensions that do not exist. */
  readonly secret: Secret
  /** Quiet time of a phone after an emergency call. */
  readonly quietSeconds: () => number
  /** Retention of events. */
  readonly retentionDays: () => number
}

const loginEvents = {
  LOGGED_IN: 'hotdesk.login',
  MOVED: 'hotdesk.login',
  DISPLACED: 'hotdesk.displaced',
  UNCHANGED: 'hotdesk.login',
  DENIED: 'hotdesk.denied',
  LOCKED: 'hotdesk.denied',
  ELSEWHERE: 'hotdesk.refused',
  NOT_ENTITLED: 'hotdesk.refused',
  EMERGENCY: 'hotdesk.refused',
  NOT_A_HOTDESK_PHONE: 'hotdesk.refused',
  STORE_LOST: 'hotdesk.refused',
  UNCONFIRMED: 'hotdesk.unconfirmed',
} as const satisfies Record<LoginOutcome['outcome'], LogEvent>

const logoutEvents = {
  LOGGED_OUT: 'hotdesk.logout',
  FREE: 'hotdesk.logout',
  DRAINING: 'hotdesk.draining',
  EMERGENCY: 'hotdesk.refused',
  UNKNOWN_DEVICE: 'hotdesk.refused',
  STORE_LOST: 'hotdesk.refused',
  UNCONFIRMED: 'hotdesk.unconfirmed',
} as const satisfies Record<LogoutOutcome['outcome'], LogEvent>

const everywhereEvents = {
  ...logoutEvents,
  DENIED: loginEvents.DENIED,
  LOCKED: loginEvents.LOCKED,
} as const satisfies Record<LogoutEverywhereOutcome['outcome'], LogEvent>

export function createHotdesk(needs: HotdeskNeeds): Hotdesk {
  const { store, directory, node, boot, clock, log, metrics, quietSeconds } = needs
  const assignments = createAssignments({ replica: store.replica, log })
  const calls = createCallsInProgress({ store, node, boot, quietSeconds, clock, log })
  const reconciler = createReconciler({ ...needs, assignments, isQuiet: calls.isQuiet })
  fromZero(metrics.transitionsTotal, [...transitionsOf('login', loginEvents), ...transitionsOf('logout', logoutEvents)])

  function write(event: StreamEvent, fields: Readonly<Record<string, string>>): void {
    store.append('events', { event, ...fields }, keptEvents).catch((fault: unknown) => {
      log.debug({ event: 'store.lost', cause: messageOf(fault) }, `the event ${event} was not written`)
    })
  }

  function emergencyFields(device: DeviceId | null): Readonly<Record<string, string>> {
    const user = device && assignments.userOn(device)
    return { ...(device ? { device } : {}), ...(user ? { user } : {}), node }
  }

  /** A typed extension is logged only if a user has it. */
  function nameOf(extension: Extension | null): Extension | null {
    return extension === null ? null : (directory.user(extension)?.extension ?? null)
  }

  return {
    devicesOf: assignments.devicesOf,
    userOn: assignments.userOn,
    isDraining: assignments.isDraining,
    isQuiet: calls.isQuiet,
    onChange: assignments.onChange,
    callBegan: calls.began,
    callEnded: calls.ended,
    async login(request) {
      const outcome = await orStoreLost<LoginOutcome>(log, () => tryLogin(request, needs))
      metrics.transitionsTotal.inc({ transition: 'login', outcome: outcome.outcome })
      const { device } = request
      const extension = nameOf(request.extension)
      log.info(
        { event: loginEvents[outcome.outcome], extension, device, ...outcome },
        `login of ${extension ?? 'an extension that does not exist'} at ${device}: ${outcome.outcome}`,
      )
      return outcome
    },
    async logout(device, how, via) {
      await calls.reported()
      const outcome = await orStoreLost<LogoutOutcome>(log, async () =>
        outcomeOf(await store.transition('hotdesk_logout', device, how, via), readLogout),
      )
      metrics.transitionsTotal.inc({ transition: 'logout', outcome: outcome.outcome })
      log.info({ event: logoutEvents[outcome.outcome], device, how, via, ...outcome }, `logout of ${device}: ${outcome.outcome}`)
      return outcome
    },
    async logoutEverywhere(request) {
      const outcome = await orStoreLost<LogoutEverywhereOutcome>(log, () => tryLogoutEverywhere(request, needs))
      const { device } = request
      const extension = nameOf(request.extension)
      const line = { event: everywhereEvents[outcome.outcome], extension, device, how: 'drain', via: 'dial-code', ...outcome }
      log.info(line, `logout of ${extension ?? 'an extension that does not exist'} everywhere, from ${device}: ${outcome.outcome}`)
      return outcome
    },
    abandoned(device, typed) {
      const extension = nameOf(typed)
      log.info(
        { event: 'hotdesk.abandoned', device, extension },
        `the login at ${device} was not completed: the caller hung up, or no key press was received`,
      )
      write('login.abandoned', { device, ...(extension ? { user: extension } : {}), via: 'dial-code' })
    },
    emergencyAnswered: (device) => write('emergency.answered', emergencyFields(device)),
    emergencyFailed: (device, reason) => write('emergency.failed', { ...emergencyFields(device), reason }),
    callEndedBy: (call, by) => write('call.hungup', { call, ...operatorFields(by), node }),
    callTestBegun: (by, { from, ...test }) => write('call.testing', { ...test, ...(from ? { from } : {}), ...operatorFields(by), node }),
    callTestedBy: (by, { from, ...test }) => write('call.tested', { ...test, ...(from ? { from } : {}), ...operatorFields(by), node }),
    traced: (subject, by) => write('traced', { ...subject, ...operatorFields(by), node }),
    drained: (event, by) => write(event, { ...operatorFields(by), node }),
    emergencyDesk: (device, { how, desks, reached, missed }) =>
      write('emergency.desk', {
        ...emergencyFields(device),
        how,
        desk: desks.join(' '),
        ...(reached.length > 0 ? { reached: reached.join(' ') } : {}),
        ...(missed.length > 0 ? { missed: missed.join(' ') } : {}),
      }),
    emergencyUnproven: ({ source, claimed }) => write('emergency.unproven', { ...(claimed ? { claimed } : {}), source, node }),
    emergencyRefused: ({ source, limit, refused }) => write('emergency.refused', { source, limit, refused: String(refused), node }),
    async close() {
      reconciler.close()
      calls.close()
      assignments.close()
    },
  }
}

/** `alice@host` as the fields of an event. */
function operatorFields(asker: string): Readonly<Record<'via' | 'by' | 'host', string>> {
  const [, by = asker, host = ''] = /^(.*)@([^@]*)$/.exec(asker) ?? []
  return { via: host === '' ? 'signal' : 'cli', by, host }
}

function transitionsOf(transition: 'login' | 'logout', outcomes: Readonly<Record<string, LogEvent>>) {
  return Object.keys(outcomes).map((outcome) => ({ transition, outcome }))
}

async function orStoreLost<Outcome>(log: Logger, ask: () => Promise<Outcome>): Promise<Outcome | { readonly outcome: 'STORE_LOST' }> {
  try {
    return await ask()
  } catch (fault) {
    if (isAppError(fault, 'STORE_UNAVAILABLE')) return { outcome: 'STORE_LOST' }
    if (!isAppError(fault, 'STORE_PROTOCOL')) throw fault
    // A key has the wrong type after an edit by hand. The caller is asked to try again later, and the log names the key.
    log.error({ event: 'node.fault', err: fault }, fault.message)
    return { outcome: 'STORE_LOST' }
  }
}
