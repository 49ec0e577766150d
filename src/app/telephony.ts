import { fileURLToPath } from 'node:url'
import { type Calls, createCalls } from '../calls/calls.js'
import type { LivePlan } from '../dialplan/dialplan.js'
import { createIvr, type Ivr } from '../ivr/ivr.js'
import { createMedia } from '../media/media.js'
import { createMessageLamps, createMessages } from '../messages/messages.js'
import { createPhones } from '../phones/phones.js'
import { createPresence, type PresenceNeeds } from '../presence/presence.js'
import type { Provisioning } from '../provisioning/provisioning.js'
import { createRegistrar, type Registrar } from '../registrar/registrar.js'
import { type SipServer, sipServer } from '../sip-server.js'
import type { SipApplication } from '../srf/srf.js'
import type { Store } from '../store/store.js'
import { createTrunks, type Trunks } from '../trunks/trunks.js'
import type { NetworkMember } from './network-member.js'
import { closeDeadlineMs, dialCodes, type NodeContext, partLog, sipApplication, trunkRegistrations } from './node-context.js'
import { callSettings, dialogueTiming, registrarSettings } from './part-settings.js'
import { openProvisioning } from './phone-configurations.js'
import { createWithdrawal, type Withdrawal } from './withdrawal.js'

const promptsFolder = fileURLToPath(new URL('../../prompts', import.meta.url))

/** Phones, calls and dial codes. */
export interface Telephony {
  readonly trunks: Pick<Trunks, 'warnings' | 'states'>
  readonly ivr: Pick<Ivr, 'readPrompts'>
  readonly calls: Pick<
    Calls,
    | 'open'
    | 'count'
    | 'dialogues'
    | 'why'
    | 'deliverNotice'
    | 'announceToDesk'
    | 'testCalls'
    | 'list'
    | 'legs'
    | 'shows'
    | 'hangUp'
    | 'pause'
    | 'resume'
  >
  readonly registrar: Pick<Registrar, 'bindingsOf' | 'relocation'>
  readonly withdrawal: Withdrawal
  readonly provisioning: Pick<Provisioning, 'addRoutes' | 'reloadTemplates'>
}

export interface TelephonyNeeds extends Pick<NetworkMember, 'directory' | 'contacts' | 'hotdesk' | 'membership'> {
  readonly server: Pick<SipServer, 'setKnownSources' | 'closeIdle' | 'onFlowGone' | 'settled'>
  readonly plan: LivePlan
  readonly store: Store
  readonly srf: SipApplication
  /** Whether phones that register must go to another node of the site now. */
  readonly movesPhones: () => boolean
}

/** Opens these parts; none accepts calls yet. */
export async function openTelephony(
  context: NodeContext,
  { plan, store, srf, directory, contacts, hotdesk, membership, server, movesPhones }: TelephonyNeeds,
): Promise<Telephony> {
  const { config, settings, clock, metrics, lifecycle } = context
  const { node, secret, network } = config
  const { domain } = config.sip
  const registrar = openRegistrar(context, { plan, store, srf, directory, hotdesk, server, movesPhones })
  const media = createMedia({ ...config.media, clock, metrics, log: partLog(context, 'media') })
  lifecycle.opened(media, 'media', (opened) => opened.close())
  const ivr = await openIvr(context, {
    media,
    hotdesk,
    directory,
    language: () => plan.current.language,
    announcements: plan.current.announcements,
  })
  const trunks = openTrunks(context, { srf, plan, directory, store })
  const calls = createCalls({
    parts: { srf, store, directory, contacts, hotdesk, registrar, plan, trunks, ivr },
    network: { node, domain, network, secret },
    settings: callSettings(config, () => settings.current),
    settled: server.settled,
    clock,
    log: partLog(context, 'calls'),
    metrics,
  })
  lifecycle.opened(calls, 'calls', (opened) => opened.close())
  const withdrawal = createWithdrawal({ trunks, membership })
  finishCallsFirst(context, { calls, withdrawal })
  const provisioning = openProvisioning(context, { store, directory, hotdesk, registrar, contacts, plan })
  openPhones(context, { srf, registrar, hotdesk, directory, store, activity: calls, fetches: provisioning.fetches })
  const messages = createMessages({
    srf,
    trunks,
    plan,
    directory,
    store,
    node,
    site: config.site,
    clock,
    log: partLog(context, 'messages'),
  })
  lifecycle.opened(messages, 'messages', (opened) => opened.close())
  openPresence(context, { srf, registrar, directory, hotdesk, plan, store, calls: calls.userCalls })
  openMessageLamps(context, { srf, registrar, directory, hotdesk, store, plan })
  return { trunks, calls, ivr, registrar, withdrawal, provisioning }
}

type PhoneParts = Pick<Parameters<typeof createPhones>[0], 'srf' | 'registrar' | 'hotdesk' | 'directory' | 'store' | 'activity' | 'fetches'>

function openPhones(context: NodeContext, parts: PhoneParts): void {
  const { config, clock, metrics, lifecycle } = context
  const log = partLog(context, 'phones')
  const phones = createPhones({ ...parts, node: config.node, domain: config.sip.domain, clock, metrics, log })
  lifecycle.opened(phones, 'phones', (opened) => opened.close())
}

function openMessageLamps(
  context: NodeContext,
  parts: Pick<Parameters<typeof createMessageLamps>[0], 'srf' | 'registrar' | 'directory' | 'hotdesk' | 'store' | 'plan'>,
): void {
  const { config, clock, lifecycle } = context
  const log = partLog(context, 'messages')
  const lamps = createMessageLamps({ ...parts, node: config.node, domain: config.sip.domain, clock, log })
  lifecycle.opened(lamps, 'message lamps', (opened) => opened.close())
}

type PresenceParts = Pick<PresenceNeeds, 'srf' | 'registrar' | 'directory' | 'hotdesk' | 'plan' | 'store' | 'calls'>

function openPresence(context: NodeContext, parts: PresenceParts): void {
  const { config, clock, metrics, lifecycle } = context
  const { node, sip } = config
  const presence = createPresence({ ...parts, node, domain: sip.domain, clock, metrics, log: partLog(context, 'presence') })
  lifecycle.opened(presence, 'presence', async ({ close }) => close())
}

type RegistrarParts = Pick<TelephonyNeeds, 'plan' | 'store' | 'srf' | 'directory' | 'hotdesk' | 'server' | 'movesPhones'>

function openRegistrar(context: NodeContext, { plan, store, srf, directory, hotdesk, server, movesPhones }: RegistrarParts): Registrar {
  const { config, settings, clock, metrics, lifecycle } = context
  const { domain, aliases, advertise } = config.sip
  const registrar = createRegistrar({
    srf,
    store,
    directory,
    node: config.node,
    realm: domain,
    secret: config.secret,
    aliases,
    addresses: advertise === null ? [] : [advertise],
    settings: registrarSettings(config),
    limits: () => registrarSettings(settings.current),
    // A phone keeps its place during an emergency call and the quiet time after it, so that the emergency centre can call back.
    mustMove: (device) => movesPhones() && !hotdesk.isQuiet(device),
    plan,
    setKnownSources: server.setKnownSources,
    closeIdle: server.closeIdle,
    onFlowGone: server.onFlowGone,
    clock,
    metrics,
    log: partLog(context, 'registrar'),
  })
  return lifecycle.opened(registrar, 'registrar', (opened) => opened.close())
}

function openTrunks(context: NodeContext, parts: Pick<TelephonyNeeds, 'srf' | 'plan' | 'directory' | 'store'>): Trunks {
  const { config, clock, metrics, lifecycle } = context
  const { network, node, site, secret } = config
  const trunks = createTrunks({ ...parts, network: { network, node, site, secret }, clock, metrics, log: partLog(context, 'trunks') })
  return lifecycle.opened(trunks, trunkRegistrations, (opened) => opened.close())
}

/**
 * All parts stay open while emergency calls are in progress. After the last one the SIP sockets close first. The registrations at trunks are
 * given to another node of the site at the beginning, so that no new calls come.
 */
function finishCallsFirst(
  { settings, lifecycle, onCalls }: NodeContext,
  { calls, withdrawal }: Pick<Telephony, 'withdrawal'> & { readonly calls: Calls },
): void {
  const finish = async (): Promise<void> => {
    withdrawal.begin()
    await Promise.all([calls.drain(), lifecycle.closeEarly(dialCodes)])
    await lifecycle.closeEarly(trunkRegistrations)
    await lifecycle.closeEarly(sipApplication)
    await lifecycle.closeEarly(sipServer)
  }
  const deadlineMs = (): number => settings.current.emergency.stopSeconds * 1_000 + 3 * closeDeadlineMs
  lifecycle.before('calls in progress', finish, deadlineMs)
  onCalls(calls)
}

async function openIvr(
  context: NodeContext,
  parts: Pick<Parameters<typeof createIvr>[0], 'media' | 'hotdesk' | 'directory' | 'language' | 'announcements'>,
): Promise<Ivr> {
  const { settings, clock, metrics, lifecycle } = context
  const timing = () => dialogueTiming(settings.current)
  const opening = createIvr({ ...parts, promptsFolder, timing, clock, metrics, log: partLog(context, 'ivr') })
  return lifecycle.opened(await lifecycle.opening(opening), dialCodes, (opened) => opened.close())
}
