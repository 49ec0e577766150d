import type { DeviceId } from '../../base/identity.js'
import type { IncomingRequest, SipSource } from '../../srf/srf.js'
import type { Bindings } from '../bindings/bindings.js'
import { flowOf, isFrom } from '../register/register-request.js'
import type { Authenticator } from './authenticator.js'

/** The phone at the far end of a dialog. */
export interface DialogPhone {
  readonly device: DeviceId
  /** Where it was when the dialog began. */
  readonly began: SipSource
}

export interface DialogProofNeeds {
  readonly bindings: Pick<Bindings, 'of'>
  readonly authenticator: Pick<Authenticator, 'authenticate'>
}

/**
 * Whether a request in a dialog comes from its phone. If not, the request has been challenged or refused. Call-ID and tags are no proof, because
 * they pass through many hands. A phone is known by where its dialog began and where it is registered: a REFER, which may cost money, by the
 * exact flow; any other request by the address, since NAT often changes the port alone. From elsewhere it proves itself by its password
 * (RFC 3261 §22, RFC 3515 §5).
 */
export type DialogProof = (request: IncomingRequest, phone: DialogPhone) => boolean

export function createDialogProof({ bindings, authenticator }: DialogProofNeeds): DialogProof {
  return (request, { device, began }) => {
    const { method, source } = request
    const own = flowOf(source)
    const isKnown = (flow: string): boolean => (method === 'REFER' ? flow === own : isFrom(flow, source.address))
    if ([flowOf(began), ...bindings.of(device).map(({ flow }) => flow)].some(isKnown)) return true
    const authentication = authenticator.authenticate(request)
    if (authentication.outcome !== 'device') return false
    if (authentication.device === device) return true
    request.respond(403)
    return false
  }
}
