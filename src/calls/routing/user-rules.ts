import type { DeviceId, NodeName } from '../../base/identity.js'
import type { LiveNode, User } from '../../directory/directory.js'
import type { Binding } from '../../registrar/registrar.js'
import type { DiversionReason } from '../../sip/diversion/diversion-reason.js'
import type { RefusalReason } from '../failure.js'
import type { CallHistory, Knowledge, QuestionOf, Ruling } from './contract.js'
import { after, isFirstNode, missedAs, missedForward } from './forward-history.js'
import { shownDigits } from './shown-digits.js'
import { toVoicemail, voicemailOf } from './voicemail-rules.js'

/** Once from the first node, and once more if the user has moved meanwhile. */
const maxHops = 2

// ── where a user is ──────────────────────────────────────────────────────────────────────────────────────────────────

export function known({ extension, history }: QuestionOf<'extension'>, { directory }: Knowledge): Ruling {
  const user = directory.user(extension)
  if (!user) return { words: 'no user has this extension', to: { kind: 'refused', reason: 'unknown-number' } }
  return { words: `${extension} is ${user.name} of ${user.home}`, ask: { kind: 'user', user, history } }
}

export function always({ user, history }: QuestionOf<'user'>, knowledge: Knowledge): Ruling {
  const number = user.forwards.always
  if (number === null) return { words: 'no forward of all calls is set' }
  if (!isFirstNode(history)) return { words: 'forwards of all calls are applied at the node of the caller' }
  const to = { user, number, history, as: 'unconditional', otherwise: 'not-reachable' } as const
  return forwardTo(to, `all calls are forwarded to ${number}`, knowledge)
}

/** Applied at the node of the caller, which applies the forward of a busy user. A PSAP callback does not come this way. */
export function doNotDisturb({ user, history }: QuestionOf<'user'>): Ruling {
  if (!user.doNotDisturb) return { words: `${user.name} takes calls` }
  if (!isFirstNode(history)) return { words: 'do-not-disturb is applied at the node of the caller' }
  return { words: `${user.name} does not want to be disturbed`, ask: { kind: 'missed', user, reason: 'busy', history } }
}

/** The phones where the user is logged in, and their own phones. Phones with a pending logout are left out. */
export function assignments({ user, history }: QuestionOf<'user'>, { hotdesk, directory }: Knowledge): Ruling {
  const missed = { kind: 'missed', user, reason: 'not-logged-in', history } as const
  if (!user.enabled) return { words: `${user.name} is disabled`, ask: missed }
  const [leaving, assigned] = split(hotdesk.devicesOf(user.extension), hotdesk.isDraining)
  const own = directory.ownedBy(user.extension).filter((device) => hotdesk.userOn(device.id) === null)
  const devices = [...new Set([...assigned, ...own.map((device) => device.id)])]
  if (devices.length > 0) return { words: `${user.name} uses ${devices.join(', ')}`, ask: { kind: 'assigned', user, devices, history } }
  const words = leaving.length > 0 ? `has a pending logout at ${leaving.join(', ')}` : 'is not logged in'
  return { words: `${user.name} ${words}`, ask: missed }
}

/** Every phone of the user, at this node or through the node where it is registered. */
export function registrations({ user, devices, history }: QuestionOf<'assigned'>, knowledge: Knowledge): Ruling {
  const all = devices.flatMap((device) => knowledge.registrar.bindingsOf(device))
  const bindings = all.filter((binding) => isReached(binding, knowledge))
  const nodes = handsOn(history, bindings) ? livingNodes(all, knowledge) : []
  const words = devices.map((device) => locationOf(device, nodes, knowledge)).join('; ')
  if (bindings.length === 0 && nodes.length === 0) return { words, ask: { kind: 'missed', user, reason: 'not-reachable', history } }
  return { words, to: { kind: 'phones', user, history, bindings, nodes } }
}

/** The first node calls every node of the user. The next one hands the call on only if the user has left it meanwhile: else phones ring twice. */
function handsOn({ hops }: CallHistory, bindings: readonly Binding[]): boolean {
  return hops === 0 || (hops < maxHops && bindings.length === 0)
}

/** A phone of this node, or of a node that is down if its Path makes it reachable from every node (RFC 3327 §5.3). */
function isReached({ node, path }: Binding, { directory, node: own }: Pick<Knowledge, 'directory' | 'node'>): boolean {
  return node === own || (path !== '' && directory.node(node) === null)
}

/** A node without a heartbeat is down and is not waited for. */
function livingNodes(bindings: readonly Binding[], { directory, node }: Knowledge): readonly LiveNode[] {
  const names = new Set<NodeName>(bindings.map((binding) => binding.node).filter((name) => name !== node))
  return [...names].flatMap((name) => directory.node(name) ?? [])
}

function locationOf(device: DeviceId, nodes: readonly LiveNode[], { registrar, directory, node }: Knowledge): string {
  const [binding] = registrar.bindingsOf(device)
  const name = binding?.node
  if (binding === undefined || name === undefined) return `${device} is not registered`
  if (name === node) return `${device} is registered at this node, ${name}`
  if (nodes.some((living) => living.name === name)) return `${device} is registered at ${name}, which gets the call`
  if (isReached(binding, { directory, node })) return `${device} is registered at ${name}, which is down; its Path leads to it`
  const why = directory.node(name) ? 'which another node calls' : 'which is down'
  return `${device} is registered at ${name}, ${why}`
}

// ── not taken by the phones ──────────────────────────────────────────────────────────────────────────────────────────

/** The caller's node applies forwards, because it knows the whole history of the call. */
export function forward({ user, reason, history }: QuestionOf<'missed'>, knowledge: Knowledge): Ruling {
  const as = missedAs(user, reason)
  const number = isFirstNode(history) ? missedForward(user, reason) : null
  if (number === null || as === null) return { words: `no forward is set for ${words(reason)}` }
  return forwardTo({ user, number, history, as, otherwise: reason }, `calls are forwarded to ${number} when ${words(reason)}`, knowledge)
}

interface SetForward {
  readonly user: User
  readonly number: string
  readonly history: CallHistory
  readonly as: DiversionReason
  /** If the voicemail server does not take the call. */
  readonly otherwise: RefusalReason
}

function forwardTo({ user, number, as, otherwise, ...call }: SetForward, words: string, knowledge: Knowledge): Ruling {
  const history = after(call.history, user, { reason: as, isPrivate: false })
  if (number !== toVoicemail) return { words, ask: { kind: 'forwarded', user, number, history } }
  const ruling = voicemailOf(user, { otherwise, history }, knowledge)
  return { ...ruling, words: `${words}: ${ruling.words}` }
}

/** A forward set with a key of the phone counts like one set here. */
export function redirection({ user, number, as, history }: QuestionOf<'redirected'>, knowledge: Knowledge): Ruling {
  if (!user.mayForward)
    return { words: `${user.name} may not forward calls with a key of the phone`, to: { kind: 'refused', reason: 'redirected' } }
  const shown = shownDigits(number, knowledge) ?? 'an unknown number'
  return {
    words: `the phone of ${user.name} forwards to ${shown}`,
    ask: { kind: 'forwarded', user, number, history: after(history, user, as) },
  }
}

function words(reason: RefusalReason): string {
  return reason.replaceAll('-', ' ')
}

function split<Item>(items: readonly Item[], belongs: (item: Item) => boolean): readonly [Item[], Item[]] {
  return [items.filter(belongs), items.filter((item) => !belongs(item))]
}
