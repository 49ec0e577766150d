import { isIPv4, isIPv6 } from 'node:net'
import { secretForm } from '../../config/yaml/yaml-schema.js'
import type { TrunkRegistration } from '../route.js'

export const yesOrNo = secretForm('yes or no', (found) => (found === 'yes' ? true : found === 'no' ? false : null), { enum: ['yes', 'no'] })

/** `sip:203.0.113.20:5060;transport=udp`, without a user part. */
export const serverUri = secretForm(
  'a SIP address such as sip:203.0.113.20:5060;transport=udp, with udp, tcp or tls (username and password are keys of their own)',
  (found) => (isServerUri(found) ? found : null),
  { pattern: '^sips?:[^@]+$', examples: ['sip:203.0.113.20:5060;transport=udp'] },
)

/** Refuses addresses that no request could reach: another port or transport, or an IP address that does not exist. */
function isServerUri(text: string): boolean {
  const [, host = '', port = '5060', params = ''] =
    /^sips?:(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.-]+)(?::([0-9]{1,5}))?((?:;[a-z]+=[A-Za-z0-9.-]+)*)$/.exec(text) ?? []
  const isHost = host.startsWith('[') ? isIPv6(host.slice(1, -1)) : !/^[0-9.]*$/.test(host) || isIPv4(host)
  const isPort = Number(port) >= 1 && Number(port) <= 65_535
  return isHost && isPort && !/;transport=(?!(?:udp|tcp|tls)(?:;|$))/i.test(params)
}

const accountUri = secretForm('the address of an account such as sip:paris@carrier.example', (found) =>
  /^sips?:[\w.!~*'()&=+$,;?/%-]{1,80}@(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.-]+)$/.test(found) ? found : null,
)

const seconds = secretForm('seconds, 60 to 86400', (found) =>
  /^[0-9]{2,5}$/.test(found) && Number(found) >= 60 && Number(found) <= 86_400 ? Number(found) : null,
)

/** The keys of a trunk for registration. */
export const registrationKeys = {
  register: yesOrNo.prefault('no').describe('`yes`: the node registers at the trunk.'),
  registrar: serverUri.optional().describe('Where REGISTER goes. Default: `uri`.'),
  aor: accountUri.optional().describe('The account. Default: `username` at the host of `uri`.'),
  expires: seconds.prefault('600').describe('Seconds that the node asks for.'),
  outboundProxy: serverUri.optional().describe('Next hop of every request to the trunk.'),
}

interface RegistrationKeys {
  readonly uri: string
  readonly username?: string | undefined
  readonly register: boolean
  readonly registrar?: string | undefined
  readonly aor?: string | undefined
  readonly expires: number
}

/** The registrar and the account are those of `uri` and `username` unless the file names others. */
export function registrationOf({ uri, username, register, registrar = uri, aor, expires }: RegistrationKeys): TrunkRegistration | null {
  if (!register) return null
  return { registrar, aor: aor ?? accountAt(uri, username ?? ''), seconds: expires }
}

/** `sip:carrier.example:5060;transport=tcp` → `sip:paris@carrier.example` */
function accountAt(uri: string, username: string): string {
  const [, scheme = 'sip', host = ''] = /^(sips?):(\[[^\]]+\]|[^:;]+)/.exec(uri) ?? []
  return `${scheme}:${encodeURIComponent(username)}@${host}`
}
