import type { Clock } from '../../base/clock.js'
import type { NodeName, SiteName } from '../../base/identity.js'
import { canonicalAddress, isLoopback } from '../../base/ip-address.js'
import type { Logger } from '../../base/logger.js'
import type { Metrics } from '../../base/metrics.js'
import type { Secret } from '../../base/secret.js'
import type { Trunk } from '../../dialplan/dialplan.js'
import { type Directory, type LiveNode, nodeAbilities } from '../../directory/directory.js'
import type { SipApplication, SipSource } from '../../srf/srf.js'
import { credentialsOf } from '../identity.js'
import { contactUser } from './contact-user.js'
import { createRegisterRequests } from './register-request.js'
import { registeringNode } from './registering-node.js'
import { createRegistration, type Registration } from './registration.js'

export interface RegistrationsNeeds {
  readonly srf: Pick<SipApplication, 'request' | 'onReconnected'>
  readonly directory: Pick<Directory, 'nodes' | 'onNodeChange'>
  readonly network: RegistrationNetwork
  readonly clock: Clock
  readonly log: Logger
  readonly metrics: Pick<Metrics, 'trunkRegistered'>
  /** 0 ≤ x < 1 */
  readonly random: () => number
}

/** Who registers. */
export interface RegistrationNetwork {
  readonly network: string
  readonly node: NodeName
  readonly site: SiteName
  readonly secret: Secret
}

/** Our registrations at the trunks of the dial plan. */
export interface Registrations {
  /** Registers at these trunks, and no longer at others. */
  follow(trunks: readonly Trunk[]): void
  /** The registration at a trunk; null if it has none. */
  at(trunk: Trunk): Pick<Registration, 'binding' | 'trouble'> | null
  /** The trunk at which we have registered this user part as our Contact. */
  withContact(user: string): Trunk | null
  /** The trunk whose registrar has accepted us from this address. */
  withSource(source: SipSource): Trunk | null
  /** This node is the one of its site that registers. */
  readonly areOurs: boolean
  /**
   * This node takes no new calls: another node of the site registers. Without one, the registrations stay, because emergency calls of phones
   * here, and calls back to them, may need one.
   */
  withdraw(): void
  /** The node takes calls again. */
  resume(): void
  close(): Promise<void>
}

interface Entry {
  readonly trunk: Trunk
  readonly user: string
  readonly registration: Registration
}

/**
 * One node of a site registers. A trunk with several Contacts of one account would send each call to all of them,
 * and one that keeps only the last would leave the choice to chance. Every node of the site knows the live ones, so they agree without
 * asking; for the seconds in which they do not, both are registered and neither is harmed.
 */
export function createRegistrations(needs: RegistrationsNeeds): Registrations {
  const { srf, directory, network, clock, log, metrics, random } = needs
  const entries = new Map<string, Entry>()
  /** Registrations that are being given up, by the name of their trunk. */
  const leaving = new Map<string, Promise<void>>()
  let trunks: readonly Trunk[] = []
  let isClosed = false
  let isWithdrawn = false

  function isFirst(): boolean {
    if (isClosed) return false
    const others = directory.nodes().filter(({ name, site }) => site === network.site && name !== network.node)
    const first = registeringNode<Pick<LiveNode, 'name' | 'isDraining' | 'takes'>>([
      ...others,
      { name: network.node, isDraining: isWithdrawn, takes: nodeAbilities },
    ])
    return first === null || first.name === network.node
  }

  function update(): void {
    for (const { registration } of entries.values()) registration.feed(isFirst() ? 'begin' : 'end')
  }

  function entryFor(trunk: Trunk): Entry | null {
    if (!trunk.registration) return null
    const { registration, outboundProxy = null } = trunk
    const user = contactUser(network.secret, { ...network, trunk: trunk.name, aor: registration.aor })
    const requests = createRegisterRequests({ srf, registration, user, outboundProxy, credentials: credentialsOf(trunk) })
    const { seconds } = registration
    return { trunk, user, registration: createRegistration({ trunk: trunk.name, seconds, requests, clock, log, metrics, random }) }
  }

  /** The next registration at the same trunk waits, because both may have the same Contact. */
  function leave({ registration, trunk: { name } }: Entry): void {
    entries.delete(name)
    const left = registration.close().then(() => {
      leaving.delete(name)
      enterAll()
    })
    leaving.set(name, left)
  }

  function enterAll(): void {
    for (const trunk of isClosed ? [] : trunks) {
      const entry = entries.has(trunk.name) || leaving.has(trunk.name) ? null : entryFor(trunk)
      if (entry) entries.set(trunk.name, entry)
      if (entry && isFirst()) entry.registration.feed('begin')
    }
  }

  const stops = [
    directory.onNodeChange(update),
    srf.onReconnected(() => {
      for (const { registration } of entries.values()) registration.feed('renew')
    }),
  ]

  return {
    follow(next) {
      trunks = next
      for (const entry of entries.values()) {
        const trunk = next.find(({ name }) => name === entry.trunk.name)
        if (trunk && isSameAccount(trunk, entry.trunk)) entries.set(trunk.name, { ...entry, trunk })
        else leave(entry)
      }
      enterAll()
    },
    at: ({ name }) => entries.get(name)?.registration ?? null,
    withContact: (user) => Array.from(entries.values()).find((entry) => entry.user === user)?.trunk ?? null,
    withSource: (source) => Array.from(entries.values()).find(({ registration }) => isFrom(registration, source))?.trunk ?? null,
    get areOurs() {
      return isFirst()
    },
    withdraw() {
      isWithdrawn = true
      update()
    },
    resume() {
      isWithdrawn = false
      update()
    },
    async close() {
      isClosed = true
      for (const stop of stops) stop()
      for (const entry of entries.values()) leave(entry)
      await Promise.all(leaving.values())
    },
  }
}

/** On loopback every program has the same address, so the port must match as well. */
function isFrom({ binding }: Registration, { address, port }: SipSource): boolean {
  const registrar = binding?.source
  if (!registrar || canonicalAddress(registrar.address) !== canonicalAddress(address)) return false
  return !isLoopback(address) || registrar.port === port
}

function isSameAccount(one: Trunk, other: Trunk): boolean {
  return accountOf(one) === accountOf(other)
}

function accountOf({ uri, registration, outboundProxy, username, password }: Trunk): string {
  return JSON.stringify([uri, registration, outboundProxy, username, password?.reveal()])
}
