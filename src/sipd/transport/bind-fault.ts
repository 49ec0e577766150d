import { type AppError, errors } from '../../base/errors.js'
import type { ListenAddress } from '../../base/listen-address.js'
import { endpointText } from './flow.js'

/** Explains a failed bind to an operator. */
export function bindFault(listen: ListenAddress, cause: NodeJS.ErrnoException): AppError {
  const { address, port } = listen
  const place = `${listen.protocol}://${endpointText(listen)}`
  if (cause.code === 'EADDRINUSE') return errors.PORT_IN_USE.sip({ place, port }, cause)
  if (cause.code === 'EACCES') return errors.ADDRESS_UNAVAILABLE.sipPrivilege({ place, port }, cause)
  return errors.ADDRESS_UNAVAILABLE.sip({ place, address, reason: cause.code ?? cause.message }, cause)
}
