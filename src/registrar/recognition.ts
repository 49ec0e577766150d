import type { Clock, Milliseconds } from '../base/clock.js'
import { type DeviceId, parseDeviceId } from '../base/identity.js'
import type { Directory } from '../directory/directory.js'
import { parseNameAddr } from '../sip/headers/name-addr.js'
import { sameUri } from '../sip/uri/uri.js'
import type { IncomingRequest, SipSource } from '../srf/srf.js'
import type { Authenticator } from './authentication/authenticator.js'
import { credentialHeaders, credentialsIn, deviceNamed } from './authentication/credentials.js'
import type { Bindings } from './bindings/bindings.js'
import type { Names } from './names.js'
import { flowOf, userOf } from './register/register-request.js'

/** Which device sent a request that must not wait for a challenge. */
export type Recognition =
  | { readonly outcome: 'proven'; readonly device: DeviceId; readonly by: 'flow' | 'digest' }
  /** `provable`: it carries no credentials, or stale ones, and its device has a password: a challenge would show. `claimed`: the device that it names without proof, null for a name that is not in the directory. */
  | { readonly outcome: 'provable' | 'unproven'; readonly claimed: DeviceId | null }

export interface RecognitionNeeds {
  readonly directory: Pick<Directory, 'device'>
  readonly bindings: Pick<Bindings, 'of' | 'on'>
  readonly authenticator: Pick<Authenticator, 'examine'>
  readonly names: Pick<Names, 'isCalled'>
  readonly clock: Clock
}

/** A device that was challenged and comes back within this time without an answer cannot answer. */
const askedMs: Milliseconds = 60_000
/** Devices on a flow that are remembered as challenged; the oldest is forgotten first and is challenged once more. */
const mostAsked = 1_000

/**
 * Recognises a device by memory alone: by the flow of a living binding (the connection, or over UDP the exact source), or by a right
 * digest. The flow of a proxy is shared by all who send through it, and shows nothing. `provable` is answered once a minute for a device and the place that asks: what comes next from there is decided without a
 * challenge. A digest proves nothing where the Request-URI names another network: a third party may have made the phone call
 * `sip:112@elsewhere` and answer there.
 */
export function createRecognition({
  directory,
  bindings,
  authenticator,
  names,
  clock,
}: RecognitionNeeds): (request: IncomingRequest) => Recognition {
  const asked = new Map<string, Milliseconds>()

  function wasAsked(key: string): boolean {
    const at = asked.get(key)
    if (at !== undefined && clock.now() - at < askedMs) return true
    asked.delete(key)
    asked.set(key, clock.now())
    const [oldest] = asked.keys()
    if (asked.size > mostAsked && oldest !== undefined) asked.delete(oldest)
    return false
  }

  return (request) => {
    const named = claimedDevice(request)
    const known = named && directory.device(named)
    const claimed = known?.id ?? null
    const device = onFlow(request, claimed, bindings)
    if (device) return { outcome: 'proven', device, by: 'flow' }
    if (!names.isCalled(request, claimed === null ? [] : bindings.of(claimed))) return { outcome: 'unproven', claimed }
    const examined = authenticator.examine(request)
    const key = `${claimed ?? ''} ${whoAsks(request.source)}`
    if (examined.outcome === 'device') {
      asked.delete(key)
      return { outcome: 'proven', device: examined.device, by: 'digest' }
    }
    const isProvable = claimed !== null && known?.password && examined.outcome !== 'wrong' && !wasAsked(key)
    return { outcome: isProvable ? 'provable' : 'unproven', claimed }
  }
}

/** Over UDP anybody can forge other ports of an address. A connection is real, and a caller may open one for each attempt. */
function whoAsks(source: SipSource): string {
  return source.protocol === 'udp' ? flowOf(source) : `${source.protocol} ${source.address}`
}

/** The device that From names. */
function claimedDevice(request: Pick<IncomingRequest, 'header'>): DeviceId | null {
  return parseDeviceId(userOf(request.header('From')) ?? '')
}

export interface SeemingDeviceNeeds {
  readonly directory: Pick<Directory, 'device'>
  readonly bindings: Pick<Bindings, 'on'>
  readonly names: Pick<Names, 'isOurs'>
  readonly realm: string
}

/**
 * The device that a request seems to come from, by From, by the user name of its credentials, or by its flow. Proves nothing. For a request
 * with valid credentials it is the authenticated device.
 */
export function seemingDevice(request: IncomingRequest, { directory, bindings, names, realm }: SeemingDeviceNeeds): DeviceId | null {
  const onFlow = bindings.on(flowOf(request.source))
  const credentials = credentialHeaders.flatMap((header) => credentialsIn(request.header(header)))
  // Credentials for another realm are not checked here (RFC 3261 §22.3), so they count last.
  const ours = credentials.filter((each) => each.realm === realm)
  const named = [...ours, ...credentials].map(({ username }) => deviceNamed(username, (host) => names.isOurs(host, request)))
  const seeming = [claimedDevice(request), ...named, onFlow.length === 1 ? (onFlow[0] ?? null) : null]
  return seeming.find((device) => device !== null && directory.device(device) !== null) ?? null
}

/**
 * The claimed device if it has a binding on this flow. A caller that names none, since it hides its number, is the device that the flow
 * belongs to; of several behind one, as in an adapter for two analogue telephones, the one that has registered the Contact of the call.
 */
function onFlow(request: IncomingRequest, claimed: DeviceId | null, bindings: RecognitionNeeds['bindings']): DeviceId | null {
  const flow = flowOf(request.source)
  const ownOf = (device: DeviceId) => bindings.of(device).filter((binding) => binding.flow === flow && binding.between !== 'proxy')
  if (claimed !== null) return ownOf(claimed).length > 0 ? claimed : null
  const [only, ...others] = bindings.on(flow)
  if (only === undefined) return null
  if (others.length === 0) return ownOf(only).length > 0 ? only : null
  const contact = parseNameAddr(request.header('Contact'))?.uri ?? ''
  return bindings.on(flow).find((device) => ownOf(device).some((binding) => sameUri(binding.contact, contact))) ?? null
}
