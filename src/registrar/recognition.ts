import type { Clock, Milliseconds } from '../base/clock.js'
import { type DeviceId, parseDeviceId } from '../base/identity.js'
import type { Directory } from '../directory/directory.js'
import { parseNameAddr } from '../sip/headers/name-addr.js'
import { sameUri } from '../sip/uri/uri-equality.js'
import type { IncomingRequest, SipSource } from '../srf/srf.js'
import type { Authenticator } from './authentication/authenticator.js'
import { credentialHeaders, credentialsIn, deviceNamed } from './authentication/credentials.js'
import type { Bindings } from './bindings/bindings.js'
import type { Names } from './names.js'
import { flowOf, userOf } from './register/register-request.js'

/** Which device sent a request, by what is known without a challenge. */
export type Recognition =
  | { readonly outcome: 'proven'; readonly device: DeviceId; readonly by: 'flow' | 'digest' }
  /**
   * `provable`: the request has no credentials, or stale ones, and its device has a password, so a challenge would prove the device. `claimed`:
   * the device that the request names; null if it is not in the directory.
   */
  | { readonly outcome: 'provable' | 'unproven'; readonly claimed: DeviceId | null }

export interface RecognitionNeeds {
  readonly directory: Pick<Directory, 'device'>
  readonly bindings: Pick<Bindings, 'of' | 'on'>
  readonly authenticator: Pick<Authenticator, 'examine'>
  readonly names: Pick<Names, 'isCalled'>
  readonly clock: Clock
}

/** A device that was challenged and sends the request again within this time, without credentials, cannot answer. */
const challengedMs: Milliseconds = 60_000
/** How many challenged requesters are remembered. The oldest is forgotten first, and is challenged once more. */
const maxChallenged = 1_000

/**
 * Recognises a device without a wait: by the flow of an unexpired binding (the connection, or over UDP the exact source), or by a valid
 * digest. The flow of a proxy proves nothing, because all phones behind it share it. Each device and requester is `provable` once a minute: the
 * next request from there is decided without a challenge. A digest proves nothing if the Request-URI names another network, because a third
 * party may have made the phone call `sip:112@elsewhere` and answer the challenge there.
 */
export function createRecognition({
  directory,
  bindings,
  authenticator,
  names,
  clock,
}: RecognitionNeeds): (request: IncomingRequest) => Recognition {
  const challenged = new Map<string, Milliseconds>()

  function wasChallenged(key: string): boolean {
    const at = challenged.get(key)
    if (at !== undefined && clock.now() - at < challengedMs) return true
    challenged.delete(key)
    challenged.set(key, clock.now())
    const [oldest] = challenged.keys()
    if (challenged.size > maxChallenged && oldest !== undefined) challenged.delete(oldest)
    return false
  }

  return (request) => {
    const named = deviceInFrom(request)
    const known = named && directory.device(named)
    const claimed = known?.id ?? null
    const device = onFlow(request, claimed, bindings)
    if (device) return { outcome: 'proven', device, by: 'flow' }
    if (!names.isCalled(request, claimed === null ? [] : bindings.of(claimed))) return { outcome: 'unproven', claimed }
    const examined = authenticator.examine(request)
    const key = `${claimed ?? ''} ${requesterOf(request.source)}`
    if (examined.outcome === 'device') {
      challenged.delete(key)
      return { outcome: 'proven', device: examined.device, by: 'digest' }
    }
    const isProvable = claimed !== null && known?.password && examined.outcome !== 'wrong' && !wasChallenged(key)
    return { outcome: isProvable ? 'provable' : 'unproven', claimed }
  }
}

/** Over UDP the port counts, because other ports of an address can be forged. On connections it does not: a caller may open one for each attempt. */
function requesterOf(source: SipSource): string {
  return source.protocol === 'udp' ? flowOf(source) : `${source.protocol} ${source.address}`
}

/** The device that From names. */
function deviceInFrom(request: Pick<IncomingRequest, 'header'>): DeviceId | null {
  return parseDeviceId(userOf(request.header('From')) ?? '')
}

export interface ClaimedDeviceNeeds {
  readonly directory: Pick<Directory, 'device'>
  readonly bindings: Pick<Bindings, 'on'>
  readonly names: Pick<Names, 'isOurs'>
  readonly realm: string
}

/**
 * The device that a request claims to come from: by From, else by the user name of its credentials, else by its flow. Proves nothing. For a
 * request with valid credentials it is the authenticated device.
 */
export function claimedDevice(request: IncomingRequest, { directory, bindings, names, realm }: ClaimedDeviceNeeds): DeviceId | null {
  const onFlow = bindings.on(flowOf(request.source))
  const credentials = credentialHeaders.flatMap((header) => credentialsIn(request.header(header)))
  // Credentials for another realm are not checked here (RFC 3261 §22.3), so they count last.
  const ours = credentials.filter((each) => each.realm === realm)
  const named = [...ours, ...credentials].map(({ username }) => deviceNamed(username, (host) => names.isOurs(host, request)))
  const claimed = [deviceInFrom(request), ...named, onFlow.length === 1 ? (onFlow[0] ?? null) : null]
  return claimed.find((device) => device !== null && directory.device(device) !== null) ?? null
}

/**
 * The claimed device if it has a binding on this flow. A caller that hides its number claims none: then it is the only device on the flow or,
 * of several (an adapter for two analogue telephones), the one that has registered the Contact of the call.
 */
function onFlow(request: IncomingRequest, claimed: DeviceId | null, bindings: RecognitionNeeds['bindings']): DeviceId | null {
  const flow = flowOf(request.source)
  const ownOf = (device: DeviceId) => bindings.of(device).filter((binding) => binding.flow === flow && binding.intermediary !== 'proxy')
  if (claimed !== null) return ownOf(claimed).length > 0 ? claimed : null
  const [only, ...others] = bindings.on(flow)
  if (only === undefined) return null
  if (others.length === 0) return ownOf(only).length > 0 ? only : null
  const contact = parseNameAddr(request.header('Contact'))?.uri ?? ''
  return bindings.on(flow).find((device) => ownOf(device).some((binding) => sameUri(binding.contact, contact))) ?? null
}
