import { randomBytes } from 'node:crypto'
import type { Milliseconds } from '../../base/clock.js'
import { messageOf } from '../../base/errors.js'
import { type DeviceId, parseDeviceId, type SiteName } from '../../base/identity.js'
import type { Logger } from '../../base/logger.js'
import { Secret } from '../../base/secret.js'
import {
  type Directory,
  type EnrolmentWindow,
  enrolledField,
  enrolmentKey,
  enrolmentWindowOf,
  newSalt,
  phoneKey,
  phoneRecordOf,
  untilCopied,
} from '../../directory/directory.js'
import { keptEvents } from '../../hotdesk/hotdesk.js'
import type { Store } from '../../store/store.js'

/** A phone without a proof that asks for its configuration, or with a maker's certificate of an unknown address. */
export interface Newcomer {
  readonly mac: string
  /** From its User-Agent: `Yealink T54W`; null: unknown. */
  readonly model: string | null
}

/** New phones get a device name and a token without an operator typing either. */
export interface Enrolment {
  /** The phone's device if a window of this site is open for it; null otherwise. */
  admit(newcomer: Newcomer): Promise<DeviceId | null>
  /** A person has typed the activation code of this device at the phone. */
  activate(device: DeviceId, mac: string | null): Promise<void>
  /** The salt of the phone's token; made if there is none. Null while Redis is lost. */
  saltOf(device: DeviceId): Promise<string | null>
  /** The phone has used its token: an activation code has served its purpose. */
  settled(device: DeviceId): Promise<void>
}

export interface EnrolmentNeeds {
  readonly store: Store
  readonly directory: Pick<Directory, 'device' | 'devices' | 'withMac' | 'putDevice'>
  readonly site: SiteName
  readonly log: Logger
}

/** The copy has a change long before. */
const copiedWithinMs: Milliseconds = 5_000

export function createEnrolment({ store, directory, site, log }: EnrolmentNeeds): Enrolment {
  /** Salts that were written a moment ago and may not be in the copy yet. */
  const fresh = new Map<DeviceId, { readonly salt: string; readonly at: Milliseconds }>()
  /** Phones are admitted one after the other: each is looked up, and the limit counted, when the copy has the one before. */
  let before: Promise<unknown> = Promise.resolve()
  const openWindow = (): EnrolmentWindow | null => enrolmentWindowOf(store.replica, site, store.clock.now())
  const seconds = (): string => String(Math.floor(store.clock.now() / 1_000))

  /** A phone that has fetched its configuration has a token, so its MAC address alone proves nothing any more, even once the token is revoked. */
  function isNew(device: DeviceId): boolean {
    return phoneRecordOf(store.replica, device).fetched === null
  }

  async function deviceFor({ mac, model }: Newcomer, { location }: EnrolmentWindow): Promise<DeviceId | null> {
    const known = directory.withMac(mac)
    if (known) return directory.device(known)?.site === site && isNew(known) ? known : null
    const numbers = directory.devices().map(({ id }) => Number(/^HD([0-9]{1,6})$/.exec(id)?.[1] ?? 0))
    // Another node may take the same number at the same time, so Redis decides.
    for (let number = Math.max(0, ...numbers) + 1, tries = 0; tries < 20; number += 1, tries += 1) {
      const id = `HD${String(number).padStart(4, '0')}`
      const password = new Secret(randomBytes(18).toString('base64url'))
      const edit = { site, mac, model, password, location, hotdesk: location !== null }
      const { outcome } = await directory.putDevice(id, edit, 'new')
      if (outcome === 'SAVED') return parseDeviceId(id)
      if (outcome !== 'EXISTS') return null
    }
    return null
  }

  async function report(device: DeviceId, mac: string | null, via: 'window' | 'code'): Promise<void> {
    log.info(
      { event: 'provisioning.enrolled', device, mac, via },
      `${device} is enrolled${mac === null ? '' : `: the phone with MAC ${mac}`}`,
    )
    await store.append('events', { event: 'enrolled', device, via, ...(mac === null ? {} : { mac }) }, keptEvents)
  }

  async function whileConnected<Value>(what: string, run: () => Promise<Value>): Promise<Value | null> {
    if (store.state === 'lost') return null
    try {
      return await run()
    } catch (fault) {
      log.warn({ event: 'store.lost', cause: messageOf(fault) }, `${what} is not written`)
      return null
    }
  }

  async function enrol(newcomer: Newcomer): Promise<DeviceId | null> {
    const window = openWindow()
    if (!window) return null
    const already = window.phones.get(newcomer.mac)
    if (already && directory.device(already)) return isNew(already) ? already : null
    if (window.phones.size >= window.limit) return null
    const device = await deviceFor(newcomer, window)
    if (!device) return null
    const fields = { [enrolledField(newcomer.mac)]: device }
    await store.putFields(enrolmentKey(site), fields)
    await store.putFields(phoneKey(device), { enrolled: seconds() })
    await report(device, newcomer.mac, 'window')
    await untilCopied({ key: enrolmentKey(site), fields }, store)
    return device
  }

  return {
    admit(newcomer) {
      if (!openWindow()) return Promise.resolve(null)
      const admitted = before.then(() => whileConnected('an enrolment', () => enrol(newcomer)))
      before = admitted
      return admitted
    },
    async activate(device, mac) {
      await whileConnected('an activation', async () => {
        if (phoneRecordOf(store.replica, device).enrolled !== null && mac === (directory.device(device)?.mac ?? null)) return
        await store.putFields(phoneKey(device), { enrolled: seconds() })
        if (mac !== null && mac !== directory.device(device)?.mac) await directory.putDevice(device, { mac }, 'known')
        await report(device, mac, 'code')
      })
    },
    async saltOf(device) {
      const known = phoneRecordOf(store.replica, device).salt
      if (known !== null) {
        fresh.delete(device)
        return known
      }
      const written = fresh.get(device)
      if (written && store.clock.now() - written.at < copiedWithinMs) return written.salt
      return whileConnected('a token', async () => {
        const salt = newSalt()
        fresh.set(device, { salt, at: store.clock.now() })
        await store.putFields(phoneKey(device), { salt })
        return salt
      })
    },
    async settled(device) {
      if (phoneRecordOf(store.replica, device).codeSalt === null) return
      await whileConnected('the end of an activation code', () =>
        store.writeAll([{ key: phoneKey(device), fields: { codeSalt: null, codeUntil: null } }]),
      )
    },
  }
}
