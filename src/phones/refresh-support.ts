import { messageOf } from '../base/errors.js'
import type { DeviceId } from '../base/identity.js'
import type { Logger } from '../base/logger.js'
import type { Binding } from '../registrar/registrar.js'
import type { Store } from '../store/store.js'
import { deviceKey } from './refresh-record.js'

/** Whether a phone supports a check-sync NOTIFY; null: not known. */
type Support = 'yes' | 'no' | null

/**
 * Remembers which phones cannot be refreshed, such as softphones, in the field `refreshable` of the phone's record: `no Linphone/5.1`. The
 * entry is valid for this User-Agent only.
 */
export interface RefreshSupport {
  of(device: DeviceId, bindings: readonly Binding[]): Support
  /** Lost while Redis is away; the next refresh finds it out again. */
  note(device: DeviceId, bindings: readonly Binding[], supports: 'yes' | 'no'): void
}

export interface RefreshSupportNeeds {
  readonly store: Store
  readonly log: Logger
}

export function createRefreshSupport({ store, log }: RefreshSupportNeeds): RefreshSupport {
  const field = (device: DeviceId): string | undefined => store.replica.hash(deviceKey(device))?.get('refreshable')

  return {
    of(device, bindings) {
      const known = field(device)
      return (['yes', 'no'] as const).find((word) => known === textOf(word, bindings)) ?? null
    },
    note(device, bindings, supports) {
      const text = textOf(supports, bindings)
      if (bindings.length === 0 || field(device) === text || store.state === 'lost') return
      store.call('hotdesk_note', device, 'refreshable', text).catch((fault: unknown) => {
        log.debug({ event: 'store.lost', device, cause: messageOf(fault) }, 'refresh support of the phone is not written')
      })
    },
  }
}

function textOf(supports: 'yes' | 'no', bindings: readonly Binding[]): string {
  const agents = new Set(bindings.map(({ userAgent }) => userAgent.trim()))
  return `${supports} ${[...agents].sort().join(', ')}`.trimEnd()
}
