import { BlockList, isIPv6 } from 'node:net'
import type { Clock } from '../../base/clock.js'
import { type DeviceId, parseDeviceId } from '../../base/identity.js'
import { createPhoneTokens, type Directory, parseMac, phoneRecordOf, type TokenScope, tokenDevice } from '../../directory/directory.js'
import type { Registrar } from '../../registrar/registrar.js'
import { parseUri } from '../../sip/uri/uri.js'
import type { Store } from '../../store/store.js'
import type { Newcomer } from '../enrolment/enrolment.js'
import type { HttpCaller } from './caller.js'
import { type Account, createDigestAccess, type DigestAccessNeeds } from './digest-access.js'
import type { RefusalReason } from './refusals.js'

/** How a phone has proven which device it is. */
export type Proof = 'token' | 'password' | 'code' | 'certificate' | 'window'

/**
 * - `phone`: proven. `path`: what it asks for, below its secret.
 * - `challenge`: 401 with this value. `refused`: 403, or 404 if nothing shows that there is something.
 */
export type Access =
  | { readonly kind: 'phone'; readonly device: DeviceId; readonly scope: TokenScope; readonly proof: Proof; readonly path: string }
  | { readonly kind: 'challenge'; readonly value: string }
  | { readonly kind: 'refused'; readonly reason: RefusalReason; readonly device: DeviceId | null; readonly mac: string | null }

export interface AccessNeeds extends Pick<DigestAccessNeeds, 'realm' | 'secret' | 'algorithms'> {
  readonly network: string
  /** Networks of phones: `10.0.0.0/8`. */
  readonly networks: readonly string[]
  readonly directory: Pick<Directory, 'device' | 'withMac'>
  readonly registrar: Pick<Registrar, 'bindingsOf' | 'passwordGuesses'>
  readonly store: Pick<Store, 'replica' | 'clock'>
  readonly admit: (newcomer: Newcomer) => Promise<DeviceId | null>
  readonly clock: Clock
}

/** A request for a file or a page, whose path is one that phones ask for. */
export interface AccessRequest {
  readonly caller: HttpCaller
  /** Below `/p/`, decoded. */
  readonly path: string
  /** The phone's address, from the path or the User-Agent, and its model. Proves nothing. */
  readonly claimOf: (path: string) => { readonly mac: string | null; readonly model: string | null }
}

export interface AccessControl {
  /** The path without its token, if it has one. */
  below(path: string): string
  judge(request: AccessRequest): Promise<Access>
}

export function createAccess(needs: AccessNeeds): AccessControl {
  const { directory, registrar, store, network, secret } = needs
  const tokens = createPhoneTokens(secret, network)
  const isInside = insideOf(needs.networks)
  const digest = createDigestAccess({ ...needs, guesses: registrar.passwordGuesses, accountOf, isRegisteredFrom })
  const saltOf = (device: DeviceId): string | null => (directory.device(device) ? phoneRecordOf(store.replica, device).salt : null)

  /** Phones are named as in SIP, or by their MAC address. */
  function accountOf(username: string): Account | null {
    const [name = ''] = username.split('@', 1)
    const mac = parseMac(name)
    const device = directory.device((mac === null ? null : directory.withMac(mac)) ?? parseDeviceId(name) ?? ('' as DeviceId))
    if (!device) return null
    const { codeSalt, codeUntil } = phoneRecordOf(store.replica, device.id)
    const hasCode = codeSalt !== null && codeUntil !== null && store.clock.now() < codeUntil
    const code = hasCode ? [{ what: 'code', secret: tokens.code(device.id, codeSalt) } as const] : []
    return { device: device.id, passwords: [...(device.password ? [{ what: 'password', secret: device.password } as const] : []), ...code] }
  }

  function isRegisteredFrom(device: DeviceId, address: string): boolean {
    return registrar.bindingsOf(device).some(({ flow }) => {
      const uri = parseUri(flow)
      return uri?.kind === 'sip' && uri.host === address
    })
  }

  const refused = (reason: RefusalReason, device: DeviceId | null, mac: string | null): Access => ({ kind: 'refused', reason, device, mac })

  function byToken(path: string): Access | null {
    const [first = '', ...rest] = path.split('/')
    const named = tokenDevice(first)
    if (named === null) return null
    const holder = tokens.verify(first, saltOf)
    return holder ? { kind: 'phone', ...holder, proof: 'token', path: rest.join('/') } : refused('token', named, null)
  }

  async function byOtherProof({ caller, path, claimOf }: AccessRequest): Promise<Access> {
    const { mac, model } = claimOf(path)
    const proven = (device: DeviceId, proof: Proof): Access => ({ kind: 'phone', device, scope: 'phone', proof, path })
    const certified = caller.certifiedMac === null ? null : directory.withMac(caller.certifiedMac)
    if (certified && directory.device(certified)) return proven(certified, 'certificate')
    const found = digest.check(caller)
    if (found.kind === 'right') return proven(found.device, found.what)
    if (found.kind === 'held') return refused('held', found.device, mac)
    if (found.kind === 'wrong') return refused('password', found.device, mac)
    const newcomer = caller.certifiedMac ?? mac
    const admitted = newcomer === null ? null : await needs.admit({ mac: newcomer, model })
    if (admitted) return proven(admitted, 'window')
    // The challenge is the same for known and unknown addresses, so that nobody learns which exist.
    return { kind: 'challenge', value: digest.challenge(caller, found.kind === 'stale' ? 'stale' : 'first') }
  }

  return {
    below(path) {
      const [first = '', ...rest] = path.split('/')
      return tokenDevice(first) === null ? path : rest.join('/')
    },
    async judge(request) {
      if (!isInside(request.caller.address)) return refused('network', null, null)
      return byToken(request.path) ?? byOtherProof(request)
    },
  }
}

function insideOf(networks: readonly string[]): (address: string) => boolean {
  const list = new BlockList()
  for (const network of networks) {
    const [address = '', bits = ''] = network.split('/')
    list.addSubnet(address, Number(bits), isIPv6(address) ? 'ipv6' : 'ipv4')
  }
  return (address) => {
    const bare = address.split('%', 1)[0] ?? ''
    return list.check(bare, isIPv6(bare) ? 'ipv6' : 'ipv4')
  }
}
