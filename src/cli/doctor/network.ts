import { join } from 'node:path'
import type { Milliseconds } from '../../base/clock.js'
import { isAppError } from '../../base/errors.js'
import type { LogEvent } from '../../base/events.js'
import { createRelayedLogger } from '../../base/logger.js'
import { counted } from '../../base/output/counted.js'
import { createSeal, type Seal, sealedElsewhere } from '../../base/seal.js'
import type { Config } from '../../config/config.js'
import type { Dialplan } from '../../dialplan/dialplan.js'
import { createDirectory, createSecretCheck, type Directory, type SecretCheck } from '../../directory/directory.js'
import { type Replica, readSavedCopy, type Store, type StreamEntry } from '../../store/store.js'
import { withStore } from '../operator/network.js'
import { reservedBy, reservedUsers } from '../operator/reservations.js'
import { listed, locationWarnings, numberWarnings, ownerWarnings, siteWarnings } from '../operator/site-warnings.js'
import { nameDoubts, planDoubts } from '../references/references.js'
import { type Finding, type Findings, findingsAbout } from './finding.js'
import { findOwnNode } from './own-node.js'
import { provisioning } from './provisioning.js'

/** Checks nodes, users and phones in Redis. */
export function network(config: Config, dialplan: Dialplan | null): Promise<readonly Finding[]> {
  const broken: string[] = []
  const log = createRelayedLogger('warn', (line) => {
    const { event, msg } = JSON.parse(line) as { readonly event: LogEvent; readonly msg: string }
    if (event === 'directory.broken' || event === 'store.stale') broken.push(msg)
  })
  return withStore(config, look, log)

  async function look(store: Store): Promise<readonly Finding[]> {
    const seal = createSeal(config.secret, config.network)
    const secret = await secretFinding(createSecretCheck({ store, seal }))
    const directory = createDirectory({ store, seal, log })
    const findings = [
      secret,
      nodes(directory, config),
      ...(await sameName(store, config)),
      ...(await losses(store, config)),
      // With another secret, every password would look broken.
      ...records(broken.filter((what) => secret.verdict === 'good' || !what.includes(sealedElsewhere))),
      ...users(directory, dialplan, config),
      ...references(directory, dialplan, config),
      ...devices(directory, config, store.replica),
      ...credentials(store.replica, seal),
      ...sites(directory, config),
      ...locations(directory, config),
      ...displays(store.replica),
      ...provisioning(directory, store, config),
      ...(await events(store)),
    ]
    directory.close()
    return findings
  }
}

async function secretFinding({ verify }: SecretCheck): Promise<Finding> {
  const { good, wrong } = findingsAbout('secret')
  try {
    await verify()
    return good('matches the network')
  } catch (fault) {
    if (!isAppError(fault, 'SECRET_DIFFERS')) throw fault
    return wrong(fault.says, 'copy `secret` from a working node; phones need no new passwords')
  }
}

/** Whether another process has the heartbeat of this node's name. */
async function sameName({ replica }: Store, config: Config): Promise<readonly Finding[]> {
  const theirs = replica.hash(`node:${config.node}`)?.get('process') ?? ''
  const own = await findOwnNode(config)
  if (own.state !== 'runs' || theirs === '' || theirs === own.process) return []
  const says = `two nodes are named ${config.node}: process ${own.process} here, and ${theirs}`
  return [findingsAbout('nodes').wrong(says, 'set `node` to a unique name on each')]
}

/** Whether Redis has no records although the saved copy of the node has: after FLUSHALL, or without its file. */
async function losses({ replica }: Store, { data, network: name }: Config): Promise<readonly Finding[]> {
  if (countIn(replica.keysUnder('user:')) + countIn(replica.keysUnder('device:')) > 0) return []
  for (const file of [`copy-${name}.emptied.jsonl`, `copy-${name}.jsonl`].map((each) => join(data, each))) {
    const saved = await readSavedCopy(file).catch(() => null)
    const count = [...(saved?.keys() ?? [])].filter((key) => /^(user|device):/.test(key)).length
    if (count > 0)
      return [
        findingsAbout('records').wrong(
          `Redis has no user and no phone, and ${file} has ${counted(count, 'record')} of them`,
          `hotdesk redis restore ${file}; or hotdesk redis accept, if they are gone on purpose`,
        ),
      ]
  }
  return []
}

function countIn(keys: Iterable<string>): number {
  return Array.from(keys).length
}

const mostEvents = 2_000
const failureDays = 7

/**
 * A failed emergency call is reported until a later one of the same phone is answered, or for a week. If the phone is unknown, a later one
 * of the node counts. `entries` begins with the newest.
 */
function failedEmergencies(entries: readonly StreamEntry[], now: Milliseconds): readonly Finding[] {
  const { wrong } = findingsAbout('emergency')
  const since = now - failureDays * 86_400_000
  /** Phones with a later emergency call, and nodes (`node:…`) for calls of unknown phones. */
  const later = new Set<string>()
  return entries.flatMap(({ id, fields }): Finding[] => {
    const [name, device, at] = [fields.get('event'), fields.get('device') ?? '', Number(id.split('-')[0])]
    const node = `node:${fields.get('node') ?? ''}`
    const about = device === '' ? node : device
    if (name === 'emergency.answered') later.add(about).add(node)
    if (name !== 'emergency.failed' || at < since || later.has(about)) return []
    later.add(about)
    const when = new Date(at).toISOString().slice(0, 19)
    return [
      wrong(
        `the emergency call of ${device === '' ? 'an unknown phone' : device} at ${when}Z failed: ${fields.get('reason') ?? 'unknown reason'}`,
        `check the trunks, then make a test call from there, in agreement with the emergency centre; the report ends when it is answered, or after ${failureDays} days`,
      ),
    ]
  })
}

/** Failed emergency calls in the events. */
async function events({ recent, clock }: Pick<Store, 'recent' | 'clock'>): Promise<readonly Finding[]> {
  try {
    return failedEmergencies(await recent('events', mostEvents), clock.now())
  } catch (fault) {
    if (!isAppError(fault, 'STORE_PROTOCOL')) throw fault
    return [findingsAbout('events').wrong(fault.says, 'RENAME it; no event is recorded until then')]
  }
}

function nodes(directory: Directory, { node }: Pick<Config, 'node'>): Finding {
  const { good, mind } = findingsAbout('nodes')
  const all = directory.nodes()
  const versions = new Set(all.map(({ version }) => version))
  if (all.length === 0) return mind('no node is up', 'hotdesk start')
  const names = all.map(({ name, site }) => `${name} at ${site}`).join(', ')
  if (all.every(({ name }) => name !== node))
    return mind(`${names}; ${node} is not up`, 'hotdesk start; if it stopped by itself, see its log')
  return versions.size > 1 ? mind(`${names}, of versions ${[...versions].join(', ')}`, 'update all to one version') : good(names)
}

/** Invalid records. */
function records(broken: readonly string[]): Finding[] {
  const { wrong } = findingsAbout('records')
  return broken.slice(0, mostNamed).map((what) => wrong(what, whatTodo(what)))
}

const mostNamed = 10

function whatTodo(what: string): string {
  if (what.includes('sealed with another')) return 'give the phone a new password: hotdesk device password'
  if (what.includes('is not a hash')) return 'inspect it, then DEL or RENAME it'
  return 'correct it: hotdesk user set, hotdesk device set or hotdesk site set, or HSET'
}

function users(directory: Directory, dialplan: Dialplan | null, config: Config): Finding[] {
  const { good, mind, wrong } = findingsAbout('users')
  const all = directory.users()
  const reserved = reservedUsers(directory, dialplan ? reservedBy(dialplan, config) : () => null).map(([, reason]) => reason)
  const unreachable = dialplan
    ? numberWarnings(
        Array.from(all, ({ extension }) => extension),
        dialplan,
      )
    : []
  const pinless = all.flatMap(({ extension, pinHash, enabled }) => (pinHash === null && enabled ? [extension] : []))
  return [
    good(`${all.length}`),
    ...some(unreachable, (found) => wrong(found, 'or change the extension')),
    ...some(reserved, (names) => wrong(`${names}, and the extension of a user`, 'change the extension')),
    ...some(pinless, (names) => mind(`${names}: no PIN, so no login`, 'hotdesk user pin')),
  ]
}

/** Names in records and in the dial plan that lead nowhere. */
function references(directory: Directory, dialplan: Dialplan | null, config: Config): Finding[] {
  if (!dialplan) return []
  const doubts = [...planDoubts(dialplan, directory, config), ...nameDoubts(directory.users(), dialplan)]
  return doubts.slice(0, mostNamed).map(({ says, todo }) => findingsAbout('names').mind(says, todo))
}

function devices(directory: Directory, { site }: Config, replica: Replica): Finding[] {
  const { good, mind }: Findings = findingsAbout('phones')
  const all = directory.devices()
  const passwordless = all.flatMap(({ id, password }) =>
    password === null && !replica.hash(`device:${id}`)?.has('credential') ? [id] : [],
  )
  const ownerless = ownerWarnings(all.filter(({ owner }) => owner !== null && directory.user(owner) === null))
  return [
    good(`${all.length}, ${all.filter((device) => device.site === site).length} of them at ${site}`),
    ...some(passwordless, (names) => mind(`${names}: no password, so no registration`, 'hotdesk device password')),
    ...some(ownerless, (found) => mind(found, 'or add the user: hotdesk user add')),
  ]
}

/** Passwords that are not bound to their phone. */
function credentials(replica: Replica, seal: Seal): Finding[] {
  const { mind } = findingsAbout('passwords')
  const sealed = Array.from(replica.keysUnder('device:')).filter((key) => replica.hash(key)?.get('credential')?.startsWith('sealed.'))
  const unbound = sealed.filter((key) => !seal.isBound(replica.hash(key)?.get('credential') ?? ''))
  return some(
    unbound.map((key) => key.slice('device:'.length)),
    (names) =>
      mind(
        `${names}: sealed by an earlier version, without the name of the phone`,
        'hotdesk export network.yaml, then hotdesk import network.yaml',
      ),
  )
}

/** Emergency calls use the trunks of the phone's site; an unknown site has none. */
function sites(directory: Directory, config: Config): Finding[] {
  const named = [...directory.devices().map(({ site }) => site), ...directory.users().map(({ home }) => home)]
  const { mind } = findingsAbout('sites')
  return some(siteWarnings(named, directory, config), (found) =>
    mind(found, 'or move the phones and users: hotdesk device set, hotdesk user set'),
  )
}

/** Emergency calls report the location as it is written. */
function locations(directory: Directory, config: Config): Finding[] {
  const { mind } = findingsAbout('locations')
  return some(locationWarnings(directory.devices(), directory, config), (found) => mind(found, 'hotdesk device set --location'))
}

/** Phones whose display may be wrong. */
function displays(replica: Replica): Finding[] {
  const { mind } = findingsAbout('displays')
  const stale = Array.from(replica.keysUnder('device:')).filter((key) => replica.hash(key)?.get('refresh') === 'stale')
  return some(
    stale.map((key) => key.slice('device:'.length)),
    (names) => mind(`${names}: the display did not confirm the last login`, 'check that the phone is on, then: hotdesk refresh'),
  )
}

function some(names: readonly string[], finding: (names: string) => Finding): Finding[] {
  return names.length === 0 ? [] : [finding(listed(names))]
}
