import type { Directory } from '../../directory/directory.js'
import type { Party } from '../../sip/identity/party.js'
import type { End } from '../bridge/conversations.js'
import type { Callee } from '../call.js'
import type { Branch } from '../dial/fork.js'
import type { Caller } from '../inbound/caller.js'

/** One end of a call that is up, as it would take part in another one. */
export interface Participant {
  /** As its caller. */
  readonly caller: Caller
  /** As the other side sees it. */
  readonly party: Party
  readonly callee: Callee
  /** As its leg B. */
  readonly branch: Branch
}

/** Null for an end that cannot be transferred: an emergency centre, an unauthenticated caller, this node itself. */
export function participantAt({ conversation, side }: End, directory: Pick<Directory, 'device'>): Participant | null {
  const { call, branch } = conversation
  if (call.control.isEmergency) return null
  if (side === 'callee') return calleeOf(branch, call.progress.callee, directory)
  const { caller, party } = call
  if (caller.kind === 'unknown' || caller.kind === 'own') return null
  const user = caller.kind === 'device' ? caller.user : null
  return { caller, party, callee: { user, outside: null, party }, branch: branchOf(caller) }
}

function calleeOf(branch: Branch, callee: Callee | null, { device }: Pick<Directory, 'device'>): Participant | null {
  const caller = callee && callerAt(branch, callee, device)
  return callee && caller && { caller, party: callee.party, callee, branch }
}

function callerAt({ device, node, trunk }: Branch, { user }: Callee, deviceOf: Directory['device']): Caller | null {
  if (node) return { kind: 'node', node, hops: 0, purpose: 'call' }
  if (trunk) return { kind: 'trunk', trunk }
  const phone = device && deviceOf(device)
  return phone && { kind: 'device', device: phone, user }
}

/** Where the caller is, as a leg B. */
export function branchOf(caller: Caller): Branch {
  const branch = { uri: '', parts: {}, device: null }
  switch (caller.kind) {
    case 'device':
      return { ...branch, device: caller.device.id }
    case 'node':
      return { ...branch, node: caller.node }
    case 'trunk':
      return { ...branch, trunk: caller.trunk }
    default:
      return branch
  }
}
