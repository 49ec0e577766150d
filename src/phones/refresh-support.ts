import { messageOf } from '../base/errors.js'
import type { DeviceId } from '../base/identity.js'
import type { Logger } from '../base/logger.js'
import type { Binding } from '../registrar/registrar.js'
import type { Store } from '../store/store.js'
import { deviceKey } from './refresh-record.js'

/** Whether a phone obeys a check-sync NOTIFY; null: not known. */
type Answer = 'yes' | 'no' | null

/**
 * What is known of phones that cannot be refreshed, such as softphones: the field `refreshable` of the phone's record, `no Linphone/5.1`. The
 * answer belongs to the phone's software: another User-Agent starts with nothing known.
 */
export interface Refreshable {
  answerOf(device: DeviceId, bindings: readonly Binding[]): Answer
  /** Lost when Redis is away; the next refresh teaches it again. */
  learn(device: DeviceId, bindings: readonly Binding[], answer: 'yes' | 'no'): void
}

export interface RefreshableNeeds {
  readonly store: Store
  readonly log: Logger
}

export function createRefreshable({ store, log }: RefreshableNeeds): Refreshable {
  const field = (device: DeviceId): string | undefined => store.replica.hash(deviceKey(device))?.get('refreshable')

  return {
    answerOf(device, bindings) {
      const known = field(device)
      return (['yes', 'no'] as const).find((answer) => known === textOf(answer, bindings)) ?? null
    },
    learn(device, bindings, answer) {
      const text = textOf(answer, bindings)
      if (bindings.length === 0 || field(device) === text || store.state === 'lost') return
      store.call('hotdesk_note', device, 'refreshable', text).catch((fault: unknown) => {
        log.debug({ event: 'store.lost', device, cause: messageOf(fault) }, 'whether the phone can be refreshed is not written')
      })
    },
  }
}

function textOf(answer: 'yes' | 'no', bindings: readonly Binding[]): string {
  const agents = new Set(bindings.map(({ userAgent }) => userAgent.trim()))
  return `${answer} ${[...agents].sort().join(', ')}`.trimEnd()
}
