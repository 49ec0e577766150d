import {
  type DeviceId,
  type Extension,
  type NodeName,
  parseDeviceId,
  parseExtension,
  parseNodeName,
  parseSiteName,
  type SiteName,
} from '../../../../src/base/identity.js'
import type { Usage } from '../../../../src/calls/limits/outside-usage.js'
import type { Knowledge, Question } from '../../../../src/calls/routing/contract.js'
import { decide } from '../../../../src/calls/routing/decide.js'
import type { Dialplan, Trunk } from '../../../../src/dialplan/dialplan.js'
import type { Device, Forwards, LiveNode, Site, User } from '../../../../src/directory/directory.js'
import { parseProfiles } from '../../../../src/directory/profiles/site-profiles.js'
import type { Binding } from '../../../../src/registrar/registrar.js'
import { samplePlan } from '../../../support/node/sample-plan.js'

export const dialplan = samplePlan('paris')

export function found<Value>(value: Value | null): Value {
  if (value === null) throw new Error('not of that form')
  return value
}

export const ext = (text: string): Extension => found(parseExtension(text))
export const dev = (text: string): DeviceId => found(parseDeviceId(text))
export const node = (text: string): NodeName => found(parseNodeName(text))
const paris = found(parseSiteName('paris'))
const unpublished = { timezone: null, language: null, codes: { named: new Map<string, string>(), closed: [] } }
const anySite = {
  ...unpublished,
  name: '',
  homeLostLogout: '',
  homeLostLogoutMs: null,
  homeReturn: 'keep',
  lost: null,
  back: null,
} as const
const noForwards: Forwards = { always: null, busy: null, noAnswer: null, notLoggedIn: null, notReachable: null }

export function userOf(
  extension: string,
  name: string,
  changes: Partial<Omit<User, 'forwards'>> & { forwards?: Partial<Forwards> } = {},
): User {
  const names = { voicemail: null, rights: null, outOfHoursRights: null, timeProfile: null, profile: null, language: null, keys: [] }
  const rights = { enabled: true, mayHotdesk: true, mayForward: true, doNotDisturb: false, secondLogin: 'move' as const, ringSeconds: 25 }
  return {
    extension: ext(extension),
    name,
    home: paris,
    pinHash: null,
    ...rights,
    ...names,
    ...changes,
    forwards: { ...noForwards, ...changes.forwards },
  }
}

export function deviceOf(id: string, owner: string | null = null): Device {
  const nothing = { password: null, elin: null, mac: null, model: null, modules: 0 }
  return { id: dev(id), site: paris, hotdesk: true, location: 'desk', ...nothing, owner: owner === null ? null : ext(owner) }
}

export function nodeOf(name: NodeName, site: SiteName = paris, takes: LiveNode['takes'] = ['break-out', 'psap-callback']): LiveNode {
  return { name, site, sip: 'udp:192.0.2.1:5060', version: '', boot: '', hopTokens: 2, takes, isDraining: false, webhooks: [] }
}

export interface Scene {
  readonly users?: readonly User[]
  readonly devices?: readonly Device[]
  /** Phone → user. */
  readonly seats?: Readonly<Record<string, string>>
  readonly draining?: readonly string[]
  /** Phone → the node where it is registered. */
  readonly registered?: Readonly<Record<string, string>>
  /** Of every phone. */
  readonly path?: string
  readonly nodes?: readonly string[]
  readonly drainingNodes?: readonly string[]
  /** Live nodes of other sites. */
  readonly others?: readonly LiveNode[]
  readonly absentSites?: readonly string[]
  /** Emergency number → phone. */
  readonly callBacks?: Readonly<Record<string, string>>
  readonly down?: readonly string[]
  /** Trunks at which paris-1 is registered. */
  readonly registeredTrunks?: readonly string[]
  /** Site → numbers that bring help there. */
  readonly emergencies?: Readonly<Record<string, readonly string[]>>
  /** Site → the direct numbers that its nodes publish. */
  readonly dids?: Readonly<Record<string, readonly string[]>>
  /** Site → its profiles, as its nodes write them. */
  readonly profiles?: Readonly<Record<string, string>>
  /** Epoch milliseconds. */
  readonly now?: number
  /** `user:100`, `site:paris` → what is in use. */
  readonly usage?: Readonly<Record<string, Partial<Usage>>>
  /** Of paris. */
  readonly plan?: Dialplan
}

export const alice = userOf('100', 'Alice')
export const bob = userOf('101', 'Bob')

/** The state in the memory of node paris-1. */
export function scene({
  users = [alice, bob],
  devices,
  seats = {},
  draining = [],
  registered = {},
  path = '',
  nodes = ['paris-1'],
  drainingNodes = [],
  others = [],
  absentSites = [],
  callBacks = {},
  down = [],
  registeredTrunks = [],
  emergencies = {},
  dids = {},
  profiles = {},
  now = 0,
  plan = dialplan,
  usage = {},
}: Scene): Knowledge {
  const phones = devices ?? ['HD0001', 'HD0002', 'HD0003'].map((id) => deviceOf(id))
  const bound = { flow: 'sip:192.0.2.9:5060', local: '', path, expires: 0, callId: '', cseq: 1, userAgent: '' }
  const bindingOf = (device: DeviceId, at: string): Binding => ({ ...bound, device, contact: `sip:${device}@192.0.2.9`, node: node(at) })
  const profilesOf = (id: SiteName) => parseProfiles(profiles[id] ?? '')
  const siteOf = (id: SiteName): Site => ({
    ...anySite,
    id,
    reserved: null,
    emergency: emergencies[id] ?? [],
    dids: dids[id] ?? [],
    profiles: profilesOf(id),
  })
  const isUp = ({ name }: Trunk): boolean => !down.includes(name)
  return {
    node: node('paris-1'),
    dialplan: plan,
    directory: {
      user: (extension) => users.find((user) => user.extension === extension) ?? null,
      device: (id) => phones.find((device) => device.id === id) ?? null,
      node: (name) => (nodes.includes(name) ? { ...nodeOf(name), isDraining: drainingNodes.includes(name) } : null),
      nodes: () => [...nodes.map((name) => nodeOf(node(name))), ...others],
      site: (id) => (absentSites.includes(id) ? null : siteOf(id)),
      sites: () => [...new Set([...Object.keys(dids), ...others.map(({ site }) => site)])].map((id) => siteOf(found(parseSiteName(id)))),
      ownedBy: (extension) => phones.filter(({ owner }) => owner === extension),
    },
    hotdesk: {
      devicesOf: (extension) =>
        Object.keys(seats)
          .filter((id) => seats[id] === extension)
          .map(dev),
      userOn: (device) => (seats[device] ? ext(seats[device]) : null),
      isDraining: (device) => draining.includes(device),
    },
    registrar: { bindingsOf: (device) => (registered[device] ? [bindingOf(device, registered[device])] : []) },
    psapCallbacks: { deviceOf: (number) => (callBacks[number] ? dev(callBacks[number]) : null) },
    usage: { of: (subject) => ({ callsAtOnce: 0, callsPerMinute: 0, minutesPerDay: 0, ...usage[subject] }) },
    clock: { now: () => now },
    trunks: {
      order: (trunks) => [...trunks.filter(isUp), ...trunks.filter((trunk) => !isUp(trunk))],
      isUp,
      isRegistered: ({ name }) => registeredTrunks.includes(name),
    },
  }
}

export function dialled(digits: string, by: string | null, knowledge: Knowledge): Question {
  const device = by === null ? null : knowledge.directory.device(dev(by))
  const user = device && knowledge.hotdesk.userOn(device.id)
  return { kind: 'dialled', digits, by: device && { device, user: user && knowledge.directory.user(user) } }
}

export const decided = (digits: string, by: string | null, parts: Scene) => {
  const knowledge = scene(parts)
  return decide(dialled(digits, by, knowledge), knowledge)
}

export const rulesOf = ({ steps }: ReturnType<typeof decide>): string => steps.map(({ rule }) => rule).join(' ')
