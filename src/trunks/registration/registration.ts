import type { Clock, Milliseconds } from '../../base/clock.js'
import type { Logger } from '../../base/logger.js'
import { atStart, createRunner, type MachineState } from '../../base/machine.js'
import type { Metrics } from '../../base/metrics.js'
import type { Binding, RegisterOutcome, RegisterRequests } from './register-request.js'
import {
  type RegistrationInput,
  type RegistrationState,
  type RegistrationStep,
  type RegistrationTimer,
  registrationTable,
} from './registration-table.js'

export interface RegistrationNeeds {
  readonly trunk: string
  /** The expiry that we ask for, in seconds. */
  readonly seconds: number
  readonly requests: RegisterRequests
  readonly clock: Clock
  readonly log: Logger
  readonly metrics: Pick<Metrics, 'trunkRegistered'>
  /** 0 ≤ x < 1 */
  readonly random: () => number
}

/** Our registration at one trunk. */
export interface Registration {
  /** `begin`: this node is to register. `end`: it no longer is. `renew`: our SIP server has restarted. */
  feed(input: 'begin' | 'end' | 'renew'): void
  /** The binding at the trunk; null while there is none. */
  readonly binding: Binding | null
  /** Why there is no binding, `403 Forbidden`; null while there is one, or the first REGISTER has no response yet. */
  readonly trouble: string | null
  /** Gives the registration up. Resolves when the binding is removed, or its removal has failed. */
  close(): Promise<void>
}

interface RegistrationMachine extends MachineState<RegistrationState> {
  binding: Binding | null
  trouble: string | null
  /** The latest REGISTER has no response of the registrar, which may have made a binding all the same. */
  isUncertain: boolean
  /** Consecutive attempts without success. */
  failures: number
  retryMs: Milliseconds
}

/**
 * Pauses after a failure, as RFC 5626 §4.5: each doubles the longest pause, and half of it is chance, so that a trunk that comes back is not
 * flooded. A refusal is repeated less often, because trunks lock accounts out after wrong passwords.
 */
const pauses = {
  failed: { firstMs: 5_000, longestMs: 300_000 },
  refused: { firstMs: 60_000, longestMs: 1_800_000 },
} as const

/** The binding is renewed ten minutes before it expires, or halfway if it is short, and some seconds earlier by chance. */
const renewedBeforeSeconds = 600
const earlierByChance = 0.1

export function createRegistration(needs: RegistrationNeeds): Registration {
  const { trunk, seconds, requests, clock, log, metrics, random } = needs
  const machine: RegistrationMachine = {
    ...atStart<RegistrationState>('off'),
    binding: null,
    trouble: null,
    isUncertain: false,
    failures: 0,
    retryMs: 0,
  }
  let closing: (() => void) | null = null
  const runner = createRunner<
    RegistrationState,
    RegistrationInput,
    RegistrationStep,
    RegistrationTimer,
    RegistrationMachine,
    RegisterOutcome
  >({
    table: registrationTable,
    actions: {
      register: () => void register(),
      remove: () => void remove(),
      noteRegistered: (_, outcome) => noteRegistered(outcome),
      noteFailed: (_, outcome) => noteFailed(outcome),
      noteExpired() {
        machine.binding = null
        metrics.trunkRegistered.set({ trunk }, 0)
      },
      noteOff() {
        machine.binding = null
        machine.isUncertain = false
        metrics.trunkRegistered.remove({ trunk })
        closing?.()
      },
    },
    timing: {
      clock,
      rules: {
        refresh: { after: ({ binding }) => refreshMs(binding?.seconds ?? 0, random), input: 'timer refresh' },
        retry: { after: ({ retryMs }) => retryMs, input: 'timer retry' },
        expiry: { after: ({ binding }) => (binding?.seconds ?? 0) * 1_000, input: 'timer expiry' },
      },
    },
  })
  const feed = (input: RegistrationInput, outcome?: RegisterOutcome): void => runner.feed(machine, input, outcome)

  async function register(): Promise<void> {
    if (machine.binding === null) metrics.trunkRegistered.set({ trunk }, 0)
    const outcome = await requests.send(seconds)
    machine.isUncertain = mayHaveBound(outcome)
    feed(outcome.outcome === 'accepted' ? 'accepted' : 'failed', outcome)
  }

  async function remove(): Promise<void> {
    if (machine.binding !== null || machine.isUncertain) await requests.send(0)
    feed('removed')
  }

  function noteRegistered(outcome: RegisterOutcome | undefined): void {
    if (outcome?.outcome !== 'accepted') return
    const wasRegistered = machine.binding !== null && machine.failures === 0
    machine.binding = outcome.binding
    machine.trouble = null
    machine.failures = 0
    metrics.trunkRegistered.set({ trunk }, 1)
    if (wasRegistered) return
    log.info({ event: 'trunk.registered', trunk, seconds: outcome.binding.seconds }, `registered at trunk ${trunk}`)
  }

  function noteFailed(outcome: RegisterOutcome | undefined): void {
    const isUnsent = outcome === undefined || outcome.outcome === 'accepted' || outcome.outcome === 'unsent'
    // The log has reported the loss of the SIP server, whose return renews the registration.
    if (isUnsent) {
      machine.retryMs = pauses.failed.firstMs
      return
    }
    const { status, reason } = outcome
    machine.retryMs = Math.max(
      pauseMs(outcome.outcome === 'refused' ? 'refused' : 'failed', machine.failures, random),
      outcome.retryAfterMs,
    )
    machine.failures += 1
    const trouble = outcome.outcome === 'unkept' ? 'the registrar did not keep the registration' : `${status} ${reason}`
    const line = { event: 'trunk.unregistered', trunk, status, reason, seconds: Math.round(machine.retryMs / 1_000) }
    const text = `the registration at trunk ${trunk} failed: ${trouble}`
    // One line for one cause.
    if (machine.trouble === trouble) log.debug(line, text)
    else log.warn(line, text)
    machine.trouble = trouble
  }

  return {
    feed,
    get binding() {
      return machine.binding
    },
    get trouble() {
      return machine.binding === null ? machine.trouble : null
    },
    close() {
      if (machine.state === 'off') return Promise.resolve()
      return new Promise((resolve) => {
        closing = resolve
        feed('end')
      })
    },
  }
}

/**
 * RFC 3261 §16.7, §17.1.2: 408 and 504 of a proxy say, like silence, that a response is missing, and not that the registrar has refused. A 200
 * without Contacts may hide a binding.
 */
function mayHaveBound(outcome: RegisterOutcome): boolean {
  // Our SIP server may have sent it before it was lost.
  return ['silent', 'unsent', 'unkept'].includes(outcome.outcome) || (outcome.outcome === 'failed' && [408, 504].includes(outcome.status))
}

function refreshMs(seconds: number, random: () => number): Milliseconds {
  const before = seconds > 2 * renewedBeforeSeconds ? renewedBeforeSeconds : seconds / 2
  return (seconds - before) * 1_000 * (1 - earlierByChance * random())
}

function pauseMs(kind: keyof typeof pauses, failures: number, random: () => number): Milliseconds {
  const { firstMs, longestMs } = pauses[kind]
  return Math.min(firstMs * 2 ** failures, longestMs) * (0.5 + random() / 2)
}
