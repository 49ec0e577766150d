import { messageOf } from '../../base/errors.js'
import type { DeviceId } from '../../base/identity.js'
import type { Logger } from '../../base/logger.js'
import type { DigestAlgorithm } from '../../sip/auth/digest.js'
import type { IncomingRequest } from '../../srf/srf.js'
import type { Store } from '../../store/store.js'
import { userAgentOf } from '../register/register-request.js'

/**
 * The algorithm, address and User-Agent of a device's last registration, in the field `digest` of its record: `MD5 192.0.2.7 baresip v1.0.0`.
 * After a restart the node knows from it
 * - that a phone supports MD5 alone, so that its first call does not fail on a challenge with other algorithms;
 * - that a phone supports more than MD5, so that it cannot be downgraded;
 * - that an address belongs to the device, so that its passwords do not count as guesses.
 * After an update of its firmware, a phone is offered the better algorithms again.
 */
export interface AlgorithmRecords {
  /** `weak`: this User-Agent at this address supports MD5 alone. `strong`: this User-Agent supports more. */
  of(device: DeviceId, request: Requester): 'weak' | 'strong' | null
  /** Whether the last registration of the device came from this address. */
  isFrom(device: DeviceId, address: string): boolean
  /** The device has registered with this algorithm. */
  note(device: DeviceId, digest: DigestAlgorithm, request: Requester): void
}

type Requester = Pick<IncomingRequest, 'source' | 'header'>

export interface AlgorithmRecordsNeeds {
  readonly store: Store
  readonly log: Logger
}

export function createAlgorithmRecords({ store, log }: AlgorithmRecordsNeeds): AlgorithmRecords {
  const record = (device: DeviceId) => store.replica.hash(`device:${device}`)

  function last(device: DeviceId): { readonly algorithm: string; readonly address: string; readonly agent: string } {
    const [algorithm = '', address = '', ...agent] = (record(device)?.get('digest') ?? '').split(' ')
    return { algorithm, address, agent: agent.join(' ') }
  }

  return {
    of(device, request) {
      const { algorithm, address, agent } = last(device)
      if (algorithm === '' || agent !== userAgentOf(request).trimEnd()) return null
      if (algorithm !== 'MD5') return 'strong'
      return address === request.source.address ? 'weak' : null
    },
    isFrom: (device, address) => last(device).address === address,
    note(device, digest, request) {
      const text = `${digest} ${request.source.address} ${userAgentOf(request)}`.trimEnd()
      const known = record(device)
      if (!known || known.get('digest') === text || store.state === 'lost') return
      store.call('hotdesk_note', device, 'digest', text).catch((fault: unknown) => {
        log.debug(
          { event: 'store.lost', device, cause: messageOf(fault) },
          'the digest algorithm of the phone is not written; its next REGISTER will write it',
        )
      })
    },
  }
}
