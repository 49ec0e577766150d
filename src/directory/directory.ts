import { parseDeviceId, parseExtension, parseNodeName, parseSiteName } from '../base/identity.js'
import type { Logger } from '../base/logger.js'
import type { Seal } from '../base/seal.js'
import type { Store } from '../store/store.js'
import type { Operator } from './audit.js'
import type { Directory } from './contract.js'
import { createEdits } from './edits.js'
import { createMacIndex } from './mac-addresses.js'
import { createOwnerIndex } from './own-devices.js'
import { createRecordWarnings } from './record.js'
import { createRecordCache } from './record-cache.js'
import { deviceFields, parseDevice, parseNode, parseSite, parseUser } from './records.js'
import { createSecretCheck, type SecretCheck } from './secret-check.js'

export { auditEntries, commandEntry, type Operator, operatorArgument } from './audit.js'
export { type Contact, parseContactName, parseContactNumber } from './contacts/contact.js'
export { type BookOwner, bookKey, type Contacts, createContacts } from './contacts/contacts.js'
export { type BookEntry, createPhoneBook } from './contacts/phone-book.js'
export type * from './contract.js'
export { callPurposes, homeReturns, nodeAbilities, secondLogins } from './contract.js'
export { untilCopied } from './copied.js'
export { breakOutOf, keyText, keyTypes, parseKeys, type UserKey, worksAt, writeKeys } from './keys/user-keys.js'
export { joinNetwork, type Membership, type MembershipNeeds, newBoot, startMembership } from './membership/membership.js'
export { recordStart } from './membership/previous-starts.js'
export type { SiteCodes } from './membership/site-codes.js'
export type { PublishedPlan } from './membership/site-record.js'
export { type ProfileInForce, profileInForce } from './profiles/profile-in-force.js'
export {
  type Entitlement,
  entitlementPolicies,
  entitlements,
  type FeatureName,
  featureNames,
  noProfiles,
  type SiteProfiles,
  writeProfiles,
} from './profiles/site-profiles.js'
export { type EnrolmentWindow, enrolledField, enrolmentKey, enrolmentWindowOf } from './provisioned/enrolment.js'
export { phoneKey, phoneRecordOf } from './provisioned/phone-record.js'
export { createPhoneTokens, newSalt, type TokenScope, tokenDevice } from './provisioned/phone-tokens.js'
export { parseHomeLostLogout, parseMac, parseRightsName, parseVoicemail } from './records.js'
export { watchReserved } from './reserved-extensions.js'
export { loadSamples, publishedPasswords, samples } from './sample-network.js'
export { createSecretCheck, passwordsIn, type SecretCheck, secretKey } from './secret-check.js'

export interface DirectoryNeeds {
  readonly store: Store
  readonly seal: Seal
  /** Created here if absent. */
  readonly secretCheck?: SecretCheck
  readonly log: Logger
  /** Who edits; absent in a node. */
  readonly operator?: Operator
}

/** Users, devices, sites and live nodes from the copy in memory. A broken record is logged, and left out or completed with defaults. */
export function createDirectory({
  store,
  seal,
  secretCheck = createSecretCheck({ store, seal }),
  log,
  operator,
}: DirectoryNeeds): Directory {
  const common = {
    replica: store.replica,
    complain: createRecordWarnings(log),
    onFault: (err: unknown) => log.error({ event: 'node.fault', err }, 'a listener of the directory failed'),
  }
  const users = createRecordCache({ ...common, prefix: 'user:', parseId: parseExtension, parse: parseUser })
  const devices = createRecordCache({
    ...common,
    prefix: 'device:',
    parseId: parseDeviceId,
    parse: (id, hash) => parseDevice(id, hash, seal),
    fields: deviceFields,
  })
  // The time of the last heartbeat is not a change.
  const nodes = createRecordCache({
    ...common,
    prefix: 'node:',
    parseId: parseNodeName,
    parse: parseNode,
    fields: ['site', 'sip', 'version', 'boot', 'passports', 'webhooks', 'drains'],
  })
  const sites = createRecordCache({ ...common, prefix: 'site:', parseId: parseSiteName, parse: parseSite })

  const owners = createOwnerIndex(devices)
  const macs = createMacIndex(devices)
  let isFilled = false

  return {
    get isFilled() {
      isFilled ||= store.state === 'connected' || devices.all().length > 0
      return isFilled
    },
    user: users.get,
    device: devices.get,
    node: nodes.get,
    site: sites.get,
    users: users.all,
    devices: devices.all,
    nodes: nodes.all,
    sites: sites.all,
    ownedBy: owners.devicesOf,
    onUserChange: users.onChange,
    onDeviceChange: devices.onChange,
    onNodeChange: nodes.onChange,
    onSiteChange: sites.onChange,
    withMac: macs.deviceWith,
    ...createEdits({ store, seal, secretCheck, macs, sites: sites.all, operator: operator ?? null }),
    close() {
      users.close()
      devices.close()
      nodes.close()
      sites.close()
    },
  }
}
