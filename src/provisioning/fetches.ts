import type { Milliseconds } from '../base/clock.js'
import { createEmitter } from '../base/emitter.js'
import { messageOf } from '../base/errors.js'
import { type DeviceId, parseDeviceId } from '../base/identity.js'
import type { Logger } from '../base/logger.js'
import { phoneKey, phoneRecordOf } from '../directory/directory.js'
import type { Store } from '../store/store.js'

/** Which configuration each phone has fetched, at any node. */
export interface Fetches {
  /** The configuration that the phone has; null: it has fetched none from this network. */
  latest(device: DeviceId): Pick<Fetch, 'epoch' | 'agent'> | null
  /** A phone has fetched its configuration, at this node or another. */
  onFetch(listener: (device: DeviceId) => void): () => void
}

export interface Fetch {
  /** `epoch` of the phone's record in that configuration. */
  readonly epoch: string
  /** User-Agent of the request. */
  readonly agent: string
  readonly from: string
}

export interface FetchBook extends Fetches {
  note(device: DeviceId, fetch: Fetch): void
  close(): void
}

/** A phone that polls changes nothing but the time, which then need not be exact. */
const restMs: Milliseconds = 10 * 60_000

/** `{hd}:phone:<id>`. While Redis is lost, the phones of this node are remembered here. */
export function createFetches({ store, log }: { readonly store: Store; readonly log: Logger }): FetchBook {
  const latest = new Map<DeviceId, Fetch>()
  const fetched = createEmitter<[DeviceId]>((err) => log.error({ event: 'node.fault', err }, 'a listener of fetches failed'))
  const off = store.replica.onChange((key, fields) => {
    const device = key.startsWith('phone:') ? parseDeviceId(key.slice('phone:'.length)) : null
    if (device === null || !fields.includes('fetched')) return
    latest.delete(device)
    fetched.emit(device)
  })

  function isKnown(device: DeviceId, { epoch, agent, from }: Fetch): boolean {
    const known = phoneRecordOf(store.replica, device)
    const isSame = known.epoch === epoch && known.agent === agent && known.from === from
    return isSame && known.fetched !== null && store.clock.now() - known.fetched < restMs
  }

  async function write(device: DeviceId, fetch: Fetch): Promise<void> {
    try {
      await store.putFields(phoneKey(device), { ...fetch, fetched: String(Math.floor(store.clock.now() / 1_000)) })
    } catch (fault) {
      log.debug({ event: 'store.lost', device, cause: messageOf(fault) }, 'the fetch of a configuration is not written')
    }
  }

  return {
    latest(device) {
      const { epoch, agent } = phoneRecordOf(store.replica, device)
      return latest.get(device) ?? (epoch === null ? null : { epoch, agent: agent ?? '' })
    },
    onFetch: (listener) => fetched.on(listener),
    note(device, fetch) {
      const isNews = !isKnown(device, fetch)
      latest.set(device, fetch)
      fetched.emit(device)
      if (isNews && store.state === 'connected') void write(device, fetch)
    },
    close: off,
  }
}
