import { AppError } from '../../base/errors.js'
import type { ListenAddress } from '../../base/listen-address.js'
import { endpointText } from './flow.js'

/** What a failed bind means to an operator. */
export function bindFault(listen: ListenAddress, cause: NodeJS.ErrnoException): AppError {
  const place = `${listen.protocol}://${endpointText(listen)}`
  if (cause.code === 'EADDRINUSE')
    return new AppError(
      'PORT_IN_USE',
      `${place}: port ${listen.port} is in use; set another port (sip.listen, --listen), or move the program that has it`,
      cause,
    )
  if (cause.code === 'EACCES')
    return new AppError('PORT_IN_USE', `${place}: this user may not open port ${listen.port}; choose one above 1023`, cause)
  return new AppError(
    'ADDRESS_UNAVAILABLE',
    `${place}: this machine has no address ${listen.address} (${cause.code ?? cause.message})`,
    cause,
  )
}
