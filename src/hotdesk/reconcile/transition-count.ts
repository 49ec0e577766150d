import type { DeviceId } from '../../base/identity.js'
import type { Assignments } from '../assignments.js'
import type { AssignmentChange, Via } from '../contract.js'
import type { RecordWatchNeeds } from './record-watch.js'

export type TransitionCountNeeds = Pick<RecordWatchNeeds, 'store' | 'node' | 'metrics' | 'log'> & {
  readonly assignments: Pick<Assignments, 'onChange' | 'draining'>
}

/** Sources that have no metrics of their own. */
const others: readonly (Via | undefined)[] = ['cli', 'redis-cli']

/**
 * Counts logins and logouts at phones registered here that another process requested, and logouts that waited for the end of a call. Others
 * are counted where this node makes them.
 */
export function createTransitionCount({ store: { replica }, node, assignments, metrics, log }: TransitionCountNeeds): { close(): void } {
  const draining = new Set<DeviceId>(assignments.draining())

  function count(transition: 'login' | 'logout', outcome: string, device: DeviceId, via: string): void {
    metrics.transitionsTotal.inc({ transition, outcome })
    const event = transition === 'login' ? 'hotdesk.login' : 'hotdesk.logout'
    log.info({ event, device, via, outcome }, `${transition} at ${device} (${via}): ${outcome}`)
  }

  function take({ device, after, cause }: AssignmentChange): void {
    const waited = draining.delete(device)
    if (replica.hash(`reg:${device}`)?.get('node') !== node) return
    const via = replica.hash(`device:${device}`)?.get('via')
    const isOther = others.some((other) => other === via)
    if (after !== null && isOther && (cause === 'login' || cause === 'displaced'))
      count('login', cause === 'displaced' ? 'DISPLACED' : 'LOGGED_IN', device, via ?? '')
    if (after === null && (waited || (isOther && (cause === 'logout' || cause === 'now')))) count('logout', 'LOGGED_OUT', device, via ?? '')
  }

  // The record may be read before the assignment changes. It is idle then, so `idle` does not remove the phone.
  function note(key: string): void {
    if (!key.startsWith('device:')) return
    const device = key.slice('device:'.length) as DeviceId
    const state = replica.hash(key)?.get('state')
    if (state === 'draining') draining.add(device)
    else if (state === 'active') draining.delete(device)
  }

  const stops = [assignments.onChange(take), replica.onChange(note)]
  return {
    close() {
      for (const stop of stops) stop()
    },
  }
}
