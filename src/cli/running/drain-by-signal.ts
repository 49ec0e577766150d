import { pause, systemClock } from '../../base/clock.js'
import { type AppError, type ErrorCode, errors, isAppError } from '../../base/errors.js'
import { lifeOf } from '../../base/host/process-identity.js'
import { type RunFile, readRunFile } from '../../base/host/run-file.js'
import type { Config } from '../../config/config.js'
import { processId } from '../doctor/own-node.js'
import type { CommandNeeds } from '../needs.js'
import type { NodeChoice } from '../operator/asked-nodes.js'

/** The node cannot be asked through Redis. */
const unreachable: readonly ErrorCode[] = ['STORE_UNAVAILABLE', 'NODE_NOT_RUNNING', 'NODE_SILENT']

interface SignalDrain {
  readonly stay: boolean
  readonly wait: boolean
  readonly json: boolean
  readonly choice: NodeChoice
}

/** Drains the node of this configuration by a signal to its process, because it could not be asked. @throws the reason, if it does not run here */
export async function drainBySignal(fault: unknown, { stay, wait, json, choice }: SignalDrain, needs: CommandNeeds): Promise<void> {
  if (!isAppError(fault) || !unreachable.includes(fault.code)) throw fault
  const config = needs.config('look')
  const run = stay ? null : ownProcess(choice, config)
  if (run === null) throw fault.code === 'STORE_UNAVAILABLE' ? errors.STORE_UNAVAILABLE.noDrain({ reason: fault.says }, fault) : fault
  signal(run, fault)
  const { node, process } = run
  const { print } = needs.terminal
  const words = `${node}: ${fault.says}, so process ${processId(process)} was signalled (${run.drainSignal})`
  print(json ? JSON.stringify({ node, process: processId(process), signal: run.drainSignal, reason: fault.says }) : words)
  if (!wait) return
  while (lifeOf(process) === 'alive') await pause(systemClock, 1_000)
  print(json ? JSON.stringify({ node, ended: true }) : `${node}: ended`)
}

/** The live process of the node of this configuration, if that is the node that is meant. */
function ownProcess({ node, site, all }: NodeChoice, config: Config): SignalledNode | null {
  const isOwn = site === undefined && all !== true && (node === undefined || node === config.node)
  const run = isOwn ? readRunFile(config.data) : null
  const isMeant = run?.node === config.node && run.network === config.network && lifeOf(run.process) === 'alive'
  return isMeant && isSignalled(run) ? run : null
}

type SignalledNode = RunFile & { readonly drainSignal: NodeJS.Signals }

function isSignalled(run: RunFile): run is SignalledNode {
  return run.drainSignal !== null
}

function signal({ node, process: identity, drainSignal }: SignalledNode, cause: AppError): void {
  const id = processId(identity)
  try {
    process.kill(Number(id), drainSignal)
  } catch {
    throw errors.NODE_SILENT.notYours({ node, process: id }, cause)
  }
}
