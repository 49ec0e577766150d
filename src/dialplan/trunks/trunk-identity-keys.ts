import { blockOf, listOf, secretForm } from '../../config/yaml/yaml-schema.js'
import type { CallerHeader, Trunk } from '../route.js'
import { yesOrNo } from './registration-keys.js'

const callerHeaders: Readonly<Record<string, CallerHeader>> = {
  from: 'From',
  'p-asserted-identity': 'P-Asserted-Identity',
  'p-preferred-identity': 'P-Preferred-Identity',
  'remote-party-id': 'Remote-Party-ID',
}

const callerHeader = secretForm(
  `one of ${Object.keys(callerHeaders).join(', ')}`,
  (found) => (Object.hasOwn(callerHeaders, found.toLowerCase()) && callerHeaders[found.toLowerCase()]) || null,
  { enum: Object.keys(callerHeaders) },
)

const anonymousFrom = secretForm(
  'anonymous or account',
  (found) => (['anonymous', 'account'] as const).find((word) => word === found) ?? null,
)

/** Every other header is ours, and what it says about a call. */
const headerName = secretForm('the name of a header that begins with X- or P-, but not one about the caller', (found) =>
  /^[XP]-[A-Za-z0-9-]{1,60}$/i.test(found) && !/^(x-hotdesk-.*|p-asserted-identity|p-preferred-identity)$/i.test(found) ? found : null,
)

const headerValue = secretForm('the value of a header: 1 to 200 printable characters', (found) =>
  /^[\x20-\x7e]{1,200}$/.test(found) ? found : null,
)

/** The keys of a trunk for the form in which it is shown the caller, and for headers that it wants in every call. */
export const trunkIdentityKeys = {
  callerIn: listOf(callerHeader)
    .refine((headers) => headers.length > 0, `expected at least one of ${Object.keys(callerHeaders).join(', ')}`)
    .prefault(['from', 'p-asserted-identity'])
    .describe("Headers with the caller's number."),
  anonymousFrom: anonymousFrom.prefault('anonymous').describe('From of an anonymous call: an anonymous address, or our account.'),
  telIdentity: yesOrNo.prefault('no').describe('`yes`: P-Asserted-Identity has a tel: URI as well.'),
  headers: blockOf(headerName, headerValue).prefault({}).describe('Header → value, in every call to it.'),
}

interface TrunkIdentityKeys {
  readonly callerIn: readonly CallerHeader[]
  readonly anonymousFrom: 'anonymous' | 'account'
  readonly telIdentity: boolean
  readonly headers: Readonly<Record<string, string>>
}

export function trunkIdentityOf({ callerIn, anonymousFrom, telIdentity, headers }: TrunkIdentityKeys) {
  return {
    callerIn,
    ...(anonymousFrom === 'anonymous' ? {} : { anonymousFrom }),
    ...(telIdentity ? { telIdentity } : {}),
    ...(Object.keys(headers).length === 0 ? {} : { headers }),
  } satisfies Partial<Trunk>
}
