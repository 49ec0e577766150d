import { createRequire } from 'node:module'
import { type AppError, errors } from '../base/errors.js'
import type { Extension } from '../base/identity.js'
import { addressForNodes } from '../base/listen-address.js'
import { createSeal, type Seal } from '../base/seal.js'
import { type Dialplan, type LivePlan, reservedExtension } from '../dialplan/dialplan.js'
import {
  type Contacts,
  createContacts,
  createDirectory,
  createSecretCheck,
  type Directory,
  loadSamples,
  type Membership,
  type MembershipNeeds,
  newBoot,
  type PublishedPlan,
  profileInForce,
  publishedPasswords,
  recordStart,
  type SecretCheck,
  startMembership,
  type User,
  watchReserved,
  writeProfiles,
} from '../directory/directory.js'
import { createHotdesk, type Hotdesk, hashPin, hotdeskLibrary } from '../hotdesk/hotdesk.js'
import type { SipApplication } from '../srf/srf.js'
import type { Store } from '../store/store.js'
import { hookIds } from '../webhooks/webhooks.js'
import { type NodeContext, partLog } from './node-context.js'

const version = (createRequire(import.meta.url)('../../package.json') as { version: string }).version

/** The node as a member of its network: users, phones and assignments. */
export interface NetworkMember {
  readonly directory: Directory
  readonly contacts: Contacts
  readonly hotdesk: Hotdesk
  readonly membership: Pick<Membership, 'joined' | 'announce'>
  readonly secretCheck: SecretCheck
}

export interface NetworkMemberNeeds {
  readonly plan: LivePlan
  readonly store: Store
  readonly srf: SipApplication
}

export async function openNetworkMember(context: NodeContext, { plan, store, srf }: NetworkMemberNeeds): Promise<NetworkMember> {
  const { config, settings, clock, metrics, lifecycle } = context
  const { node, site, secret } = config
  const boot = newBoot(store.clock.now())
  const { seal, secretCheck } = await checkSecret(context, store)
  const directory = createDirectory({ store, seal, secretCheck, log: partLog(context, 'directory') })
  lifecycle.opened(directory, 'directory', (opened) => opened.close())
  const contacts = createContacts({ store, log: partLog(context, 'directory'), operator: null })
  lifecycle.opened(contacts, 'phone books', async (opened) => opened.close())
  if (config.sample && store.state === 'connected') await lifecycle.opening(loadSamples({ store, directory, hashPin }))
  warnOfRecords(context, directory, plan)
  const previousStarts = recordStart({ data: config.data, boot, log: partLog(context, 'directory') })
  const membership = becomeMember(context, {
    store,
    node,
    boot,
    site,
    sip: addressForNodes(srf.listening),
    version,
    library: hotdeskLibrary.version,
    webhooks: hookIds(config.webhooks),
    ...publishedPlan(plan.current),
    previousStarts,
    clock,
    log: partLog(context, 'directory'),
  })
  plan.onChange((changed) => membership.publish(publishedPlan(changed)))

  const hotdesk = createHotdesk({
    store,
    directory,
    node,
    boot,
    secret,
    clock,
    metrics,
    log: partLog(context, 'hotdesk'),
    automaticLogout: () => plan.current.automaticLogout,
    attempts: () => settings.current.lockout,
    mayVisit: (user) => mayVisit(user, plan.current, directory),
    quietSeconds: () => settings.current.emergency.quietSeconds,
    retentionDays: () => settings.current.retentionDays,
  })
  lifecycle.opened(hotdesk, 'hotdesk', (opened) => opened.close())
  return { directory, contacts, hotdesk, membership, secretCheck }
}

/** Warns of records that are valid but dangerous. */
function warnOfRecords(context: NodeContext, directory: Directory, plan: LivePlan): void {
  if (!context.config.sample) warnOfSamples(context, publishedPasswords(directory))
  const reserved = (extension: Extension): string | null => plan.current.reserved(extension)
  plan.onChange(watchReserved({ directory, reserved, log: partLog(context, 'directory') }))
}

function publishedPlan({ emergencyNumbers, codes, publishedDids, profiles, timezone, language, phoneCodes }: Dialplan): PublishedPlan {
  const reserved = reservedExtension(codes) ?? ''
  const published = { dids: publishedDids, profiles: writeProfiles(profiles), timezone, language, codes: phoneCodes }
  return { emergency: emergencyNumbers, reserved, ...published }
}

/** Whether the profile of the user allows a login here. It never bars a login at the home site. */
function mayVisit(user: User, { site, profiles: host }: Dialplan, directory: Directory): boolean {
  if (user.home === site) return true
  const profile = profileInForce(user, { site, host, home: directory.site(user.home)?.profiles ?? null, user: 'visiting' })
  return profile === null || profile.judge('roaming').isIncluded
}

/**
 * A node whose secret is not the network's refuses to start. If it starts without Redis and finds out later, it runs on for emergency calls
 * and seals nothing.
 */
async function checkSecret(context: NodeContext, store: Store): Promise<{ readonly seal: Seal; readonly secretCheck: SecretCheck }> {
  const { secret, network } = context.config
  const seal = createSeal(secret, network)
  const secretCheck = createSecretCheck({ store, seal })
  if (store.state === 'connected') await context.lifecycle.opening(secretCheck.require())
  context.lifecycle.opened(secretCheck.follow(partLog(context, 'directory')), 'secret', (opened) => opened.close())
  return { seal, secretCheck }
}

/** Sample phones from a first trial may still be in `data`; their published passwords open a network in production to anybody. */
function warnOfSamples({ log }: NodeContext, devices: readonly string[]): void {
  if (devices.length === 0) return
  const words = `${devices.join(', ')} still have the published sample passwords: change them (hotdesk device password) or remove them`
  log.warn({ event: 'directory.sample', devices }, words)
}

/** Two nodes with one name would undo each other's work, so the later one exits with an unhandled error. */
function becomeMember({ lifecycle }: NodeContext, needs: MembershipNeeds): Membership {
  const membership = startMembership(needs)
  lifecycle.opened(membership, 'membership', (opened) => opened.close())
  membership.onTaken(() => queueMicrotask(() => raise(errors.NODE_NAME_TAKEN.taken({ node: needs.node }))))
  return membership
}

function raise(fault: AppError): never {
  throw fault
}
