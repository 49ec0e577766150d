import { type Clock, every, type Milliseconds } from '../base/clock.js'
import type { NodeName, SiteName } from '../base/identity.js'
import type { Logger } from '../base/logger.js'
import type { Calls, HangUpOutcome } from '../calls/calls.js'
import type { Device, Directory } from '../directory/directory.js'
import type { Hotdesk } from '../hotdesk/hotdesk.js'
import type { Registrar } from '../registrar/registrar.js'
import type { Withdrawal } from './withdrawal.js'

export interface OperationsNeeds {
  readonly calls: Pick<Calls, 'list' | 'hangUp' | 'pause' | 'resume'>
  readonly withdrawal: Withdrawal
  readonly registrar: Pick<Registrar, 'bindingsOf'>
  readonly directory: Pick<Directory, 'nodes' | 'devices'>
  readonly hotdesk: Pick<Hotdesk, 'drained' | 'callEndedBy'>
  readonly node: NodeName
  readonly site: SiteName
  readonly clock: Clock
  readonly log: Logger
  /** The last call has ended, and the node is to end. */
  readonly onDone: () => void
}

/** How far a node has come with giving its work to its sisters. */
export interface DrainState {
  readonly draining: boolean
  readonly calls: number
  readonly emergencies: number
  /** Phones still registered here. */
  readonly phones: number
  /** Other live nodes of the site that are not draining: phones register there now. */
  readonly sisters: readonly string[]
}

export interface DrainRequest {
  /** `end`: the node ends after its last call. */
  readonly end: 'end' | 'stay'
  /** How long the node waits for its phones to register at a sister. Until then, calls reach them here. */
  readonly phoneMs: Milliseconds
}

/** What operators do to the calls of this node. */
export interface Operations {
  readonly drainState: DrainState
  /** Whether phones must register at a sister. Without one they stay, because no other node could reach them. */
  readonly movesPhones: boolean
  /** From now on the node takes no new calls except emergency calls. */
  drain(request: DrainRequest, by: string): void
  undrain(by: string): void
  hangUp(call: string, by: string): HangUpOutcome
  close(): void
}

const lookEveryMs: Milliseconds = 1_000

export function createOperations(needs: OperationsNeeds): Operations {
  const { calls, registrar, directory, hotdesk, withdrawal, node, site, clock, log, onDone } = needs
  let mode: 'open' | 'end' | 'stay' = 'open'
  let phonesUntil: Milliseconds = 0

  const sisters = (): readonly string[] =>
    directory.nodes().flatMap((other) => (other.site === site && other.name !== node && !other.isDraining ? [other.name] : []))
  const isHere = ({ id }: Device): boolean => registrar.bindingsOf(id).some((binding) => binding.node === node)
  const phones = (): number => directory.devices().filter(isHere).length
  const rounds = every(
    clock,
    lookEveryMs,
    () => {
      if (mode !== 'end' || calls.list().length > 0 || (clock.now() < phonesUntil && phones() > 0 && sisters().length > 0)) return
      mode = 'stay'
      onDone()
    },
    () => undefined,
  )

  return {
    get drainState() {
      const open = calls.list()
      const emergencies = open.filter(({ kind }) => kind === 'emergency').length
      return { draining: mode !== 'open', calls: open.length, emergencies, phones: phones(), sisters: sisters() }
    },
    get movesPhones() {
      return mode !== 'open' && sisters().length > 0
    },
    drain({ end, phoneMs }, by) {
      mode = end
      phonesUntil = clock.now() + phoneMs
      calls.pause()
      withdrawal.begin()
      hotdesk.drained('node.draining', by)
      log.warn({ event: 'node.draining', by, end }, `${by} drains this node: no new calls except emergency calls`)
    },
    undrain(by) {
      if (mode === 'open') return
      mode = 'open'
      calls.resume()
      withdrawal.end()
      hotdesk.drained('node.undrained', by)
      log.info({ event: 'node.undrained', by }, `${by} ended the draining: the node takes calls again`)
    },
    hangUp(call, by) {
      const outcome = calls.hangUp(call)
      if (outcome === 'ended') hotdesk.callEndedBy(call, by)
      return outcome
    },
    close: () => rounds.cancel(),
  }
}
