import type { Clock, Milliseconds } from '../../base/clock.js'
import { isAppError, messageOf } from '../../base/errors.js'
import { type DeviceId, type Extension, type NodeName, parseDeviceId } from '../../base/identity.js'
import type { Language } from '../../base/language.js'
import type { Logger } from '../../base/logger.js'
import { askNode } from '../../control/control.js'
import type { Directory } from '../../directory/directory.js'
import type { Hotdesk } from '../../hotdesk/hotdesk.js'
import type { Binding, Registrar } from '../../registrar/registrar.js'
import type { Party } from '../../sip/identity/party.js'
import { sipUri } from '../../sip/uri/sip-uri.js'
import type { Store } from '../../store/store.js'
import { type Call, reject } from '../call.js'
import type { Attempts } from '../dial/attempt.js'
import type { Branch } from '../dial/fork.js'
import type { UserBranches } from '../dial/user-branches.js'
import type { Termination } from '../failure.js'
import type { OwnCaller } from '../inbound/caller.js'
import type { OwnCall, OwnVoice, PlaceOwnCall } from '../own/own-calls.js'
import { atOtherNodes, phonesOf } from './desk-phones.js'
import { clipsOf, deskWords } from './desk-words.js'
import type { EmergencyFacts } from './emergency-facts.js'
import { untilHeard } from './until-heard.js'

export interface DeskCallNeeds {
  readonly placeOwnCall: PlaceOwnCall
  readonly voice: Pick<OwnVoice, 'clip' | 'recording'>
  readonly ways: DeskWays
  readonly directory: Pick<Directory, 'ownedBy' | 'device' | 'user'>
  readonly hotdesk: Pick<Hotdesk, 'devicesOf' | 'userOn' | 'isQuiet' | 'emergencyDesk'>
  readonly registrar: Pick<Registrar, 'bindingsOf'>
  readonly store: Pick<Store, 'mailbox'>
  readonly at: { readonly node: NodeName; readonly domain: string }
  readonly clock: Clock
  readonly log: Logger
}

export interface DeskWays {
  readonly attempts: Pick<Attempts, 'fork'>
  readonly branches: Pick<UserBranches, 'toPhone'>
}

/** Calls to the emergency desk that speak, for phones that do not show a MESSAGE. */
export interface DeskCalls {
  /** Calls each user of the desk, several times if need be. Resolves when each has heard of it, or has been called often enough. */
  inform(call: Call, facts: EmergencyFacts): Promise<void>
  /** Calls these phones, if they are registered here, once. Resolves with the phone that has heard it all. */
  ring(devices: readonly DeviceId[], words: readonly string[]): Promise<DeviceId | null>
}

const ringMs: Milliseconds = 30_000
/** Time for ringing, and for the announcement twice. */
const otherNodeWithinMs: Milliseconds = 120_000
const party: Party = { name: 'Emergency call', number: 'emergency', isPrivate: false, isAsserted: true }
const caller: OwnCaller = { kind: 'own', purpose: 'announcement', party }
const unheard = { onProgress: () => undefined, onRefusal: () => undefined, onEnd: () => undefined }

export function createDeskCalls(needs: DeskCallNeeds): DeskCalls {
  const { placeOwnCall, voice, directory, hotdesk, registrar, store, clock, log } = needs
  const { attempts, branches } = needs.ways
  const { node, domain } = needs.at

  async function inform(call: Call, facts: EmergencyFacts): Promise<void> {
    const desks = call.plan.emergencyDesk
    const device = facts.device?.id ?? null
    const user = device && hotdesk.userOn(device)
    const words = deskWords({ ...facts, device, user, site: call.plan.site })
    const phones = new Map(desks.map((desk) => [desk, phonesOf(desk, { directory, hotdesk }).filter((id) => id !== device)]))
    const heard = await Promise.all(desks.map((desk) => callDesk(desk, phones.get(desk) ?? [], words)))
    const reached = heard.filter((id) => id !== null)
    const missed = desks.flatMap((desk, index) => (heard[index] === null ? (phones.get(desk) ?? []) : []))
    hotdesk.emergencyDesk(device, { how: 'call', desks, reached, missed })
    const isInformed = reached.length > 0
    const outcome = isInformed ? 'the emergency desk has heard' : `the emergency desk ${desks.join(', ')} has not heard`
    call.log[isInformed ? 'info' : 'error']({ event: 'call.desk', how: 'call', desks, reached, missed }, `${outcome} the announcement`)
  }

  /** A phone that the emergency centre may call back is left alone. */
  function callDesk(desk: Extension, phones: readonly DeviceId[], words: readonly string[]): Promise<DeviceId | null> {
    return untilHeard(async (round) => {
      const free = phones.filter((id) => !hotdesk.isQuiet(id))
      const heard = await callOnce(free, words)
      if (heard === null) log.warn({ event: 'call.desk', desk, round }, `user ${desk} of the emergency desk has not heard the announcement`)
      return heard
    }, clock)
  }

  async function callOnce(phones: readonly DeviceId[], words: readonly string[]): Promise<DeviceId | null> {
    const there = Array.from(atOtherNodes(phones, { registrar, node }), ([other, devices]) => ringAt(other, devices, words))
    const heard = await Promise.all([ring(phones, words), ...there])
    return heard.find((id) => id !== null) ?? null
  }

  async function ringAt(other: NodeName, devices: readonly DeviceId[], words: readonly string[]): Promise<DeviceId | null> {
    try {
      const asked = { devices: [...devices], words: [...words] }
      const { heard } = await askNode(store, other, { kind: 'announce', asked }, { withinMs: otherNodeWithinMs })
      return heard === null ? null : parseDeviceId(heard)
    } catch (fault) {
      if (!isAppError(fault)) throw fault
      log.warn({ event: 'call.desk', node: other, cause: messageOf(fault) }, `phones of the emergency desk at ${other} are not called`)
      return null
    }
  }

  function ring(devices: readonly DeviceId[], words: readonly string[]): Promise<DeviceId | null> {
    const bindings = devices.flatMap((id) => registrar.bindingsOf(id).filter((binding) => binding.node === node))
    const [first] = bindings
    if (!first) return Promise.resolve(null)
    const clips = clipsOf(words, languageAt(first.device), voice)
    const uri = sipUri({ user: first.device, host: domain })
    return new Promise((resolve) => {
      let own: OwnCall | null = null

      /** Twice, because the first words are often missed. */
      async function speak({ call, session, end }: OwnCall): Promise<void> {
        if ((await session.play(clips).finished) !== 'played') return
        resolve(parseDeviceId(call.progress.answeredBy ?? ''))
        await session.play(clips).finished
        end()
      }

      async function callNow(): Promise<void> {
        const events = { ...unheard, onAnswer: () => void (own && speak(own)) }
        own = await placeOwnCall({ caller, uri, events, run: (call) => fork(call, bindings) })
        await own?.over
      }
      void callNow().finally(() => resolve(null))
    })
  }

  async function fork(call: Call, bindings: readonly Binding[]): Promise<Termination> {
    const plan = { ringMs, silenceMs: ringMs, target: `phone ${bindings.map(({ device }) => device).join(' ')}` }
    const result = await attempts.fork(call, { ...plan, branches: bindings.map((binding) => urgent(branches.toPhone(call, binding))) })
    if (result.outcome === 'ended') return result.termination
    return reject(call, result.outcome === 'missed' ? result.failure : { reason: 'no-answer' })
  }

  function languageAt(device: DeviceId): Language | null {
    const extension = hotdesk.userOn(device) ?? directory.device(device)?.owner ?? null
    return extension === null ? null : (directory.user(extension)?.language ?? null)
  }

  return { inform, ring }
}

/** RFC 3261 §20.26. Some phones ring then in spite of do-not-disturb. */
function urgent(branch: Branch): Branch {
  return { ...branch, parts: { ...branch.parts, headers: { ...branch.parts.headers, Priority: 'emergency' } } }
}
