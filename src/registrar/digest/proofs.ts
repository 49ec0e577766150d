import { messageOf } from '../../base/errors.js'
import type { DeviceId } from '../../base/identity.js'
import type { Logger } from '../../base/logger.js'
import type { DigestAlgorithm } from '../../sip/digest.js'
import type { IncomingRequest } from '../../srf/srf.js'
import type { Store } from '../../store/store.js'
import { userAgentOf } from '../register/register-request.js'

/**
 * Which phones know MD5 alone, in the field `digest` of their records: a node that was restarted must not lose the first call of such a
 * phone by asking it for more. It counts for one program at one address: after an update the phone is asked for the better one again, and
 * whoever calls itself so elsewhere learns nothing.
 */
export interface Proofs {
  of(device: DeviceId, request: Asking): DigestAlgorithm | null
  /** It has registered so. */
  note(device: DeviceId, digest: DigestAlgorithm, request: Asking): void
}

type Asking = Pick<IncomingRequest, 'source' | 'header'>

export interface ProofsNeeds {
  readonly store: Store
  readonly log: Logger
}

export function createProofs({ store, log }: ProofsNeeds): Proofs {
  const record = (device: DeviceId) => store.replica.hash(`device:${device}`)

  function write(device: DeviceId, text: string | null): Promise<void> {
    const key = `device:${device}`
    return text === null ? store.removeFields(key, ['digest']) : store.putFields(key, { digest: text })
  }

  return {
    of: (device, request) => (record(device)?.get('digest') === oldOne(request) ? 'MD5' : null),
    note(device, digest, request) {
      const wanted = digest === 'MD5' ? oldOne(request) : null
      const known = record(device)
      // A record that was deleted must not come to life again as one lone field.
      if (!known || (known.get('digest') ?? null) === wanted || store.state === 'lost') return
      write(device, wanted).catch((fault: unknown) => {
        log.debug(
          { event: 'store.lost', device, cause: messageOf(fault) },
          'what the phone knows of digests is not written; its next REGISTER does it',
        )
      })
    },
  }
}

/** `MD5 192.0.2.7 baresip v1.0.0`: what stands in the record. */
function oldOne(request: Asking): string {
  return `MD5 ${request.source.address} ${userAgentOf(request)}`.trimEnd()
}
