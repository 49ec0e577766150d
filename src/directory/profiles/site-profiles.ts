/** Features of calls that rights and profiles may leave out. */
export const featureNames = ['pick-up', 'do-not-disturb', 'forward', 'transfer'] as const
export type FeatureName = (typeof featureNames)[number]

/** What a profile may entitle a user to. `roaming`: logins at sites other than the home site. */
export const entitlements = ['roaming', 'outside', 'break-out', ...featureNames] as const
export type Entitlement = (typeof entitlements)[number]

/** `follow-user`: visitors keep the profile of their home site. `host-must-have`: this site must define it as well, and its definition counts. */
export const entitlementPolicies = ['follow-user', 'host-must-have'] as const
type EntitlementPolicy = (typeof entitlementPolicies)[number]

/** The profiles that the dial plan of a site defines. Other sites know them from the record of the site. */
export interface SiteProfiles {
  readonly policy: EntitlementPolicy
  readonly profiles: ReadonlyMap<string, readonly Entitlement[]>
}

/** Of a site that defines none. */
export const noProfiles: SiteProfiles = { policy: 'follow-user', profiles: new Map() }

/** `follow-user office=outside,pick-up lobby=`; `''` for a site that defines none. */
export function writeProfiles({ policy, profiles }: SiteProfiles): string {
  if (policy === noProfiles.policy && profiles.size === 0) return ''
  return [policy, ...Array.from(profiles, ([name, entitled]) => `${name}=${entitled.join(',')}`)].join(' ')
}

/** Words of a later version are left out. */
export function parseProfiles(text: string): SiteProfiles {
  const [policy, ...written] = text.split(' ')
  const profiles = written.map((entry) => {
    const [name = '', list = ''] = entry.split('=', 2)
    const words = list.split(',')
    return [name, entitlements.filter((entitlement) => words.includes(entitlement))] as const
  })
  return { policy: policy === 'host-must-have' ? policy : noProfiles.policy, profiles: new Map(profiles) }
}
