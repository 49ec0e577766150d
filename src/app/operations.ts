import { type Clock, every, type Milliseconds } from '../base/clock.js'
import type { DeviceId, NodeName, SiteName } from '../base/identity.js'
import type { Logger } from '../base/logger.js'
import type { Calls, HangUpOutcome } from '../calls/calls.js'
import type { Directory } from '../directory/directory.js'
import type { Hotdesk } from '../hotdesk/hotdesk.js'
import type { Registrar } from '../registrar/registrar.js'
import type { Withdrawal } from './withdrawal.js'

export interface OperationsNeeds {
  readonly calls: Pick<Calls, 'list' | 'count' | 'dialogues' | 'hangUp' | 'pause' | 'resume'>
  readonly withdrawal: Withdrawal
  readonly registrar: Pick<Registrar, 'bindingsOf' | 'relocation'>
  readonly directory: Pick<Directory, 'nodes' | 'devices'>
  readonly hotdesk: Pick<Hotdesk, 'drained' | 'callEndedBy' | 'isQuiet'>
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
  /** Calls to feature codes, such as PIN dialogues. */
  readonly dialogues: number
  /** Phones still registered here. */
  readonly phones: number
  /** Phones that were registered here when the draining began, and are registered at another node now. */
  readonly moved: number
  /** Other live nodes of the site that are not draining: phones register there now. */
  readonly sisters: readonly string[]
}

export interface DrainRequest {
  /** `end`: the node ends after its last call and dialogue. */
  readonly end: 'end' | 'stay'
  /** How long the node waits for its phones to register at a sister. Until then, calls reach them here. */
  readonly phoneMs: Milliseconds
}

/** How long phones have to register elsewhere, unless the operator sets another time. */
export const phoneSecondsUnlessSet = 300

/** What operators do to the calls of this node. */
export interface Operations {
  readonly drainState: DrainState
  /** Whether phones must register at a sister. Without one they stay, because no other node could reach them. */
  readonly movesPhones: boolean
  /** From now on the node takes no new calls except emergency calls. */
  drain(request: DrainRequest, by: string): void
  /** False: the node was not draining. */
  undrain(by: string): boolean
  hangUp(call: string, by: string): HangUpOutcome
  close(): void
}

const lookEveryMs: Milliseconds = 1_000

export function createOperations(needs: OperationsNeeds): Operations {
  const { calls, registrar, directory, hotdesk, withdrawal, node, site, clock, log, onDone } = needs
  let mode: 'open' | 'end' | 'stay' = 'open'
  let phonesUntil: Milliseconds = 0
  let before: ReadonlySet<DeviceId> = new Set()

  const sisters = (): readonly string[] =>
    directory.nodes().flatMap((other) => (other.site === site && other.name !== node && !other.isDraining ? [other.name] : []))
  const isAt = (id: DeviceId, where: (at: NodeName) => boolean): boolean => registrar.bindingsOf(id).some((binding) => where(binding.node))
  const here = (): readonly DeviceId[] => directory.devices().flatMap(({ id }) => (isAt(id, (at) => at === node) ? [id] : []))
  const moved = (): number => [...before].filter((id) => isAt(id, (at) => at !== node)).length
  const hasWork = (): boolean => calls.list().length > 0 || calls.dialogues > 0
  const waitsForPhones = (): boolean => clock.now() < phonesUntil && sisters().length > 0 && here().length > 0
  // A phone keeps its place during a call, and in the quiet time after an emergency call, so that the emergency centre can call back.
  const mayLeave = (device: DeviceId): boolean => calls.count(device) === 0 && !hotdesk.isQuiet(device)
  const rounds = every(
    clock,
    lookEveryMs,
    () => {
      if (mode !== 'open' && sisters().length > 0) registrar.relocation.sendAway(mayLeave)
      if (mode !== 'end' || hasWork() || waitsForPhones()) return
      mode = 'stay'
      onDone()
    },
    () => undefined,
  )

  return {
    get drainState() {
      const open = calls.list()
      const emergencies = open.filter(({ kind }) => kind === 'emergency').length
      const { dialogues } = calls
      const phones = here().length
      return { draining: mode !== 'open', calls: open.length, emergencies, dialogues, phones, moved: moved(), sisters: sisters() }
    },
    get movesPhones() {
      return mode !== 'open' && sisters().length > 0
    },
    drain({ end, phoneMs }, by) {
      if (mode === 'open') before = new Set(here())
      mode = end
      phonesUntil = clock.now() + phoneMs
      calls.pause()
      withdrawal.begin()
      hotdesk.drained('node.draining', by)
      log.warn({ event: 'node.draining', by, end }, `${by} drains this node: no new calls except emergency calls`)
    },
    undrain(by) {
      if (mode === 'open') return false
      mode = 'open'
      calls.resume()
      withdrawal.end()
      registrar.relocation.end()
      hotdesk.drained('node.undrained', by)
      log.info({ event: 'node.undrained', by }, `${by} ended the draining: the node takes calls again`)
      return true
    },
    hangUp(call, by) {
      const outcome = calls.hangUp(call)
      if (outcome === 'ended') hotdesk.callEndedBy(call, by)
      return outcome
    },
    close: () => rounds.cancel(),
  }
}
