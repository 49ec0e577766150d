import type { Clock } from '../../base/clock.js'
import { isAppError, messageOf } from '../../base/errors.js'
import type { DeviceId, Extension, NodeName } from '../../base/identity.js'
import type { Logger } from '../../base/logger.js'
import { askNode } from '../../control/control.js'
import type { Directory } from '../../directory/directory.js'
import type { Hotdesk } from '../../hotdesk/hotdesk.js'
import { type Binding, type Registrar, reachOf } from '../../registrar/registrar.js'
import { nameAddr, printNameAddr } from '../../sip/headers/name-addr.js'
import { sipUri, withoutUriHeaders } from '../../sip/uri/sip-uri.js'
import type { SipApplication } from '../../srf/srf.js'
import type { NetworkClock, Store } from '../../store/store.js'
import type { Call } from '../call.js'
import type { DeskCalls } from './desk-call.js'
import { atOtherNodes, phonesOf } from './desk-phones.js'
import type { EmergencyFacts } from './emergency-facts.js'

export interface DeskNoticeNeeds {
  readonly srf: Pick<SipApplication, 'request'>
  readonly store: Pick<Store, 'mailbox'>
  readonly directory: Pick<Directory, 'user' | 'device' | 'ownedBy'>
  readonly hotdesk: Pick<Hotdesk, 'devicesOf' | 'userOn' | 'emergencyDesk'>
  readonly registrar: Pick<Registrar, 'bindingsOf'>
  readonly deskCalls: Pick<DeskCalls, 'inform'>
  readonly at: { readonly node: NodeName; readonly domain: string }
  readonly clock: Clock
  readonly networkClock: NetworkClock
  readonly log: Logger
}

/** Informs the desk of the site about its emergency calls (47 CFR §9.16, "Kari's Law"), by MESSAGE to the phones of users, by a call, or by both. */
export interface DeskNotice {
  /** Sends nothing before it returns, and never throws: no fault of a desk may reach the call. */
  announce(call: Call, facts: EmergencyFacts): void
  /** Sends the text to these phones, if they are registered here. Resolves with those that have taken it. */
  deliver(devices: readonly DeviceId[], text: string): Promise<readonly DeviceId[]>
}

/** A silent phone takes 32 s to time out (RFC 3261 §17.1.2.2), also at another node. */
const otherNodeWithinMs = 35_000

export function createDeskNotice(needs: DeskNoticeNeeds): DeskNotice {
  const { srf, store, directory, hotdesk, registrar, deskCalls, clock, networkClock, log } = needs
  const { node, domain } = needs.at

  async function inform(call: Call, facts: EmergencyFacts): Promise<void> {
    const desks = call.plan.emergencyDesk
    const phones = [...new Set(desks.flatMap((desk) => phonesOf(desk, { directory, hotdesk })))].filter((id) => id !== facts.device?.id)
    const text = noticeText(facts, {
      user: facts.device && hotdesk.userOn(facts.device.id),
      nameOf: (extension) => directory.user(extension)?.name ?? '',
      site: call.plan.site,
      at: new Date(networkClock.now()),
    })
    const there = Array.from(atOtherNodes(phones, { registrar, node }), ([other, devices]) => deliverAt(other, devices, text))
    const reached = new Set((await Promise.all([deliver(phones, text), ...there])).flat())
    const missed = phones.filter((id) => !reached.has(id))
    hotdesk.emergencyDesk(facts.device?.id ?? null, { how: 'message', desks, reached: [...reached], missed })
    const isInformed = reached.size > 0
    const words = isInformed ? 'the emergency desk is informed' : `the emergency desk ${desks.join(', ')} could not be informed`
    call.log[isInformed ? 'info' : 'error']({ event: 'call.desk', how: 'message', desks, reached: [...reached], missed }, words)
  }

  async function deliverAt(other: NodeName, devices: readonly DeviceId[], text: string): Promise<readonly DeviceId[]> {
    try {
      const asked = { devices: [...devices], text }
      const { reached } = await askNode(store, other, { kind: 'notice', asked }, { withinMs: otherNodeWithinMs })
      return devices.filter((id) => reached.includes(id))
    } catch (fault) {
      if (!isAppError(fault)) throw fault
      log.warn({ event: 'call.desk', node: other, cause: messageOf(fault) }, `phones of the emergency desk at ${other} are not informed`)
      return []
    }
  }

  async function deliver(devices: readonly DeviceId[], text: string): Promise<readonly DeviceId[]> {
    const taken = devices.map(async (id) => {
      const here = registrar.bindingsOf(id).filter((binding) => binding.node === node)
      return (await Promise.all(here.map((binding) => isTaken(binding, text)))).includes(true) ? [id] : []
    })
    return (await Promise.all(taken)).flat()
  }

  /** RFC 3428 §4: a MESSAGE outside a dialog has no Contact. */
  async function isTaken(binding: Binding, text: string): Promise<boolean> {
    const aor = printNameAddr(nameAddr(sipUri({ user: binding.device, host: domain })))
    const password = directory.device(binding.device)?.password
    const { via, headers } = reachOf(binding)
    try {
      const { status } = await srf.request('MESSAGE', withoutUriHeaders(binding.contact), {
        via,
        headers: { ...headers, From: aor, To: aor, 'Content-Type': 'text/plain;charset=utf-8', Priority: 'emergency' },
        body: text,
        ...(password ? { credentials: { username: binding.device, password } } : {}),
      })
      return status >= 200 && status < 300
    } catch (fault) {
      log.warn({ event: 'call.desk', device: binding.device, cause: messageOf(fault) }, 'a MESSAGE to the emergency desk was not sent')
      return false
    }
  }

  return {
    announce(call, facts) {
      if (call.plan.emergencyDesk.length === 0) return
      // After the INVITE to the trunk has left.
      const { emergencyDeskNotice: how } = call.plan
      clock.after(0, () => {
        const ways = [...(how === 'call' ? [] : [inform]), ...(how === 'message' ? [] : [deskCalls.inform])]
        for (const way of ways) {
          way(call, facts).catch((fault: unknown) =>
            call.log.error({ event: 'call.desk', err: fault }, `the emergency desk could not be informed: ${messageOf(fault)}`),
          )
        }
      })
    },
    deliver,
  }
}

interface NoticeContext {
  readonly user: Extension | null
  readonly nameOf: (extension: Extension) => string
  readonly site: string
  readonly at: Date
}

/** One MESSAGE must fit into a datagram (RFC 3428 §8). */
const longestLocation = 200

function noticeText({ number, device, shown, location }: EmergencyFacts, { user, nameOf, site, at }: NoticeContext): string {
  const name = user === null ? '' : nameOf(user)
  const who = user === null ? '' : `, ${name === '' || name === user ? `user ${user}` : `${name} (${user})`}`
  return [
    `EMERGENCY CALL to ${number}`,
    `Phone: ${device?.id ?? 'unknown'}${who}`,
    `Location: ${(location ?? 'unknown').slice(0, longestLocation)} (site ${site})`,
    `Callback: ${shown ?? 'unknown'}`,
    `Time: ${at.toTimeString().slice(0, 8)}`,
  ].join('\n')
}
