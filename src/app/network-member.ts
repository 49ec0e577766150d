import { createRequire } from 'node:module'
import { type AppError, errors } from '../base/errors.js'
import { addressForNodes } from '../base/listen-address.js'
import { createSeal, type Seal } from '../base/seal.js'
import { type Dialplan, reservedExtension } from '../dialplan/dialplan.js'
import {
  createDirectory,
  createSecretCheck,
  type Directory,
  loadSamples,
  type Membership,
  type MembershipNeeds,
  newBoot,
  publishedPasswords,
  recordStart,
  type SecretCheck,
  startMembership,
  watchReserved,
} from '../directory/directory.js'
import { createHotdesk, type Hotdesk, hashPin, hotdeskLibrary } from '../hotdesk/hotdesk.js'
import type { SipApplication } from '../srf/srf.js'
import type { Store } from '../store/store.js'
import { type NodeContext, partLog } from './node-context.js'

const version = (createRequire(import.meta.url)('../../package.json') as { version: string }).version

/** The node as a member of its network: users, phones and assignments. */
export interface NetworkMember {
  readonly directory: Directory
  readonly hotdesk: Hotdesk
  readonly membership: Pick<Membership, 'joined'>
  readonly secretCheck: SecretCheck
}

export interface NetworkMemberNeeds {
  readonly dialplan: Dialplan
  readonly store: Store
  readonly srf: SipApplication
}

export async function openNetworkMember(context: NodeContext, { dialplan, store, srf }: NetworkMemberNeeds): Promise<NetworkMember> {
  const { config, clock, metrics, lifecycle } = context
  const { node, site, secret } = config
  const boot = newBoot(store.clock.now())
  const { seal, secretCheck } = await checkSecret(context, store)
  const directory = createDirectory({ store, seal, secretCheck, log: partLog(context, 'directory') })
  lifecycle.opened(directory, 'directory', (opened) => opened.close())
  if (config.sample && store.state === 'connected') await lifecycle.opening(loadSamples({ store, directory, hashPin }))
  warnOfRecords(context, directory, dialplan)
  const previousStarts = recordStart({ data: config.data, boot, log: partLog(context, 'directory') })
  const membership = becomeMember(context, {
    store,
    node,
    boot,
    site,
    sip: addressForNodes(srf.listening),
    version,
    library: hotdeskLibrary.version,
    emergency: dialplan.emergencyNumbers,
    reserved: reservedExtension(dialplan.codes) ?? '',
    previousStarts,
    clock,
    log: partLog(context, 'directory'),
  })

  const hotdesk = createHotdesk({
    store,
    directory,
    node,
    boot,
    secret,
    clock,
    metrics,
    log: partLog(context, 'hotdesk'),
    automaticLogout: dialplan.automaticLogout,
    attempts: config.lockout,
    quietSeconds: config.emergency.quietSeconds,
    retentionDays: config.retentionDays,
  })
  lifecycle.opened(hotdesk, 'hotdesk', (opened) => opened.close())
  return { directory, hotdesk, membership, secretCheck }
}

/** Warns of records that are valid but dangerous. */
function warnOfRecords(context: NodeContext, directory: Directory, { reserved }: Dialplan): void {
  if (!context.config.sample) warnOfSamples(context, publishedPasswords(directory))
  watchReserved({ directory, reserved, log: partLog(context, 'directory') })
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
