import { blockOf, form, listOf } from '../../config/yaml/yaml-schema.js'
import {
  type Entitlement,
  entitlementPolicies,
  entitlements,
  type FeatureName,
  featureNames,
  parseRightsName,
  type SiteProfiles,
} from '../../directory/directory.js'

const name = form('a name of letters, digits and -, such as office', parseRightsName)

const entitlement = form(`one of ${entitlements.join(', ')}`, (text) => entitlements.find((word) => word === text) ?? null, {
  enum: entitlements,
})

/** One entry of `features` of rights. */
export const featureName = form(
  `one of ${featureNames.join(', ')}`,
  (text): FeatureName | null => featureNames.find((word) => word === text) ?? null,
  {
    enum: featureNames,
  },
)

/** `profiles` and `entitlement` of a dial plan. */
export const profileKeys = {
  profiles: blockOf(name, listOf(entitlement))
    .prefault({})
    .describe('What users are entitled to, by the name of the profile in their record. `default`: if no site defines the name.'),
  entitlement: form(`one of ${entitlementPolicies.join(', ')}`, (text) => entitlementPolicies.find((word) => word === text) ?? null, {
    enum: entitlementPolicies,
  })
    .prefault('follow-user')
    .describe('Profile of visitors: `follow-user`, that of their home site; `host-must-have`, that of this site, which must define it.'),
}

interface ProfilesFile {
  readonly profiles: Readonly<Record<string, readonly Entitlement[]>>
  readonly entitlement: SiteProfiles['policy']
}

export function siteProfiles({ profiles, entitlement: policy }: ProfilesFile): SiteProfiles {
  return { policy, profiles: new Map(Object.entries(profiles)) }
}
