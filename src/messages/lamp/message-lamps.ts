import { type Alarm, type Clock, type Milliseconds, spread } from '../../base/clock.js'
import { type DeviceId, type Extension, type NodeName, parseExtension } from '../../base/identity.js'
import type { Logger } from '../../base/logger.js'
import type { LivePlan } from '../../dialplan/dialplan.js'
import type { Directory } from '../../directory/directory.js'
import type { Hotdesk } from '../../hotdesk/hotdesk.js'
import type { Binding, Registrar } from '../../registrar/registrar.js'
import { createNotifications, type Notifications, type NotifiedState, type SipApplication } from '../../srf/srf.js'
import type { Store } from '../../store/store.js'
import { createLampSubscriptions, type LampSubscriptionsNeeds } from './lamp-subscriptions.js'
import { createMailboxState, messagesPrefix, summaryType } from './mailbox-state.js'
import { unsolicitedTo } from './unsolicited.js'

export interface MessageLampsNeeds {
  readonly srf: LampSubscriptionsNeeds['srf'] & Pick<SipApplication, 'request'>
  readonly registrar: LampSubscriptionsNeeds['registrar'] & Pick<Registrar, 'onRegistered' | 'onUnregistered'>
  readonly directory: Pick<Directory, 'device' | 'devices' | 'user' | 'site' | 'ownedBy' | 'isFilled' | 'onUserChange' | 'onDeviceChange'>
  readonly hotdesk: Pick<Hotdesk, 'userOn' | 'devicesOf' | 'onChange'>
  readonly store: LampSubscriptionsNeeds['store'] & Pick<Store, 'replica'>
  readonly plan: LivePlan
  readonly node: NodeName
  /** The SIP domain. */
  readonly domain: string
  readonly clock: Clock
  readonly log: Logger
}

/** The message lamps of the phones that are registered at this node. */
export interface MessageLamps {
  close(): void
}

/** After a start the phones get the state within this time. */
const startMs: Milliseconds = 20_000
/** A phone that has registered subscribes within this time, if it does. */
const settleMs: Milliseconds = 2_000

/** The lamp of a phone. */
interface Lamp {
  /** The NOTIFYs to a phone that has not subscribed; null before the first one. */
  unasked: Notifications | null
  /** It has refused them. */
  refuses: boolean
  /** The body that it got last; null: not known. */
  shown: string | null
  soon: Alarm | null
}

/**
 * The message lamp follows the user to the phone where they sit, and goes out at logout: each NOTIFY has the mailbox of the user who sits there when
 * it is sent. A phone that has subscribed gets it in its subscription; any other phone unasked, after its registration, a login or logout, and
 * each change.
 */
export function createMessageLamps(needs: MessageLampsNeeds): MessageLamps {
  const { registrar, directory, hotdesk, store, plan, node, clock } = needs
  const mailboxes = createMailboxState(needs)
  const lamps = new Map<DeviceId, Lamp>()
  const subscriptions = createLampSubscriptions({ ...needs, stateOf: (device) => stateOf(device), begun: subscribed })

  function bindingsHere(device: DeviceId): readonly Binding[] {
    return registrar.bindingsOf(device).filter((binding) => binding.node === node)
  }

  function lampOf(device: DeviceId): Lamp {
    const lamp = lamps.get(device) ?? { unasked: null, refuses: false, shown: null, soon: null }
    lamps.set(device, lamp)
    return lamp
  }

  function stateOf(device: DeviceId): NotifiedState {
    let sent: string | null = null
    return {
      hasChanged: () => sent !== mailboxes.summaryFor(device),
      next() {
        sent = mailboxes.summaryFor(device)
        lampOf(device).shown = sent
        return { type: summaryType, body: sent, headers: {} }
      },
    }
  }

  function notifyUnasked(device: DeviceId, lamp: Lamp): void {
    lamp.unasked ??= createNotifications({
      dialog: unsolicitedTo(device, { ...needs, bindingsHere }),
      state: stateOf(device),
      until: clock.now(),
      clock,
      onReply: () => undefined,
      onEnd() {
        lamp.unasked = null
        lamp.refuses = true
      },
    })
    lamp.unasked.look()
  }

  /** Sends what the phone does not show yet. Nothing is sent in a network without voicemail. `before`: the last user. */
  function look(device: DeviceId, before: Extension | null = null): void {
    subscriptions.look(device)
    const lamp = lamps.get(device)
    if (subscriptions.has(device) || lamp?.refuses || bindingsHere(device).length === 0) return
    const isUsed = plan.current.voicemail !== null || [before, mailboxes.userAt(device)].some(mailboxes.isKnown)
    const shown = lamp?.shown ?? null
    if ((isUsed || shown !== null) && shown !== mailboxes.summaryFor(device)) notifyUnasked(device, lampOf(device))
  }

  /** A phone that has restarted shows nothing, or what it showed before. */
  function registered(device: DeviceId): void {
    const lamp = lampOf(device)
    lamp.refuses = false
    lamp.shown = null
    lamp.soon?.cancel()
    lamp.soon = clock.after(settleMs, () => {
      lamp.soon = null
      look(device)
    })
  }

  function subscribed(device: DeviceId): void {
    lamps.get(device)?.unasked?.drop()
    lampOf(device).refuses = false
  }

  /** The phone is at another node now, or nowhere. */
  function unregistered(device: DeviceId): void {
    subscriptions.drop(device)
    const lamp = lamps.get(device)
    lamp?.soon?.cancel()
    lamp?.unasked?.drop()
    lamps.delete(device)
  }

  function mailboxChanged(extension: Extension): void {
    for (const device of new Set([...hotdesk.devicesOf(extension), ...directory.ownedBy(extension).map(({ id }) => id)])) look(device)
  }

  let start: Alarm | null = null
  let isClosed = false
  void subscriptions.restored.then(() => {
    if (!isClosed) start = spread(clock, directory.devices(), startMs, ({ id }) => look(id))
  })
  const stops = [
    hotdesk.onChange(({ device, before }) => look(device, before)),
    store.replica.onChange((key) => {
      const extension = key.startsWith(messagesPrefix) ? parseExtension(key.slice(messagesPrefix.length)) : null
      if (extension) mailboxChanged(extension)
    }),
    registrar.onRegistered((device, how) => {
      subscriptions.resume(device)
      if (how === 'new') registered(device)
    }),
    registrar.onUnregistered(unregistered),
    directory.onUserChange(mailboxChanged),
    directory.onDeviceChange((device) => look(device)),
  ]
  return {
    close() {
      isClosed = true
      start?.cancel()
      for (const stop of stops) stop()
      subscriptions.close()
      for (const device of lamps.keys()) unregistered(device)
    },
  }
}
