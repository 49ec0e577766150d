import { messageOf } from '../../base/errors.js'
import type { DeviceId } from '../../base/identity.js'
import type { Logger } from '../../base/logger.js'
import type { DigestAlgorithm } from '../../sip/auth/digest.js'
import type { IncomingRequest } from '../../srf/srf.js'
import type { Store } from '../../store/store.js'
import { userAgentOf } from '../register/register-request.js'

/**
 * By which algorithm, from which address and with which program a device has registered last, in the field `digest` of its record:
 * `MD5 192.0.2.7 baresip v1.0.0`. A node that was restarted knows by it
 * - that a program at an address knows MD5 alone, and does not lose its first call by asking it for more;
 * - that a program knows more than MD5, and is not talked out of it;
 * - that an address is one of the device, and its passwords are not the guesses of a stranger.
 * A phone is asked for the better algorithm again after an update of its program.
 */
export interface Proofs {
  /** `weak`: this program, at this address, knows MD5 alone. `strong`: this program knows more. */
  of(device: DeviceId, request: Asking): 'weak' | 'strong' | null
  /** Whether the device has registered from this address last. */
  isFrom(device: DeviceId, address: string): boolean
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
          'what the phone knows of digests is not written; its next REGISTER does it',
        )
      })
    },
  }
}
