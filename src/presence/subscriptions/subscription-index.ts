import type { DeviceId } from '../../base/identity.js'
import type { Notifications, SipSource, SubscriptionDialog } from '../../srf/srf.js'
import type { Contents } from './contents.js'
import type { Accepted } from './subscribe-request.js'

/** A subscription, and what it was accepted for. */
export interface Entry {
  readonly about: Omit<Accepted, 'seconds'>
  readonly dialog: SubscriptionDialog
  readonly contents: Contents
  readonly subscription: Notifications
  /** Where the phone was when it began. */
  readonly began: SipSource
}

/** The subscriptions at this node, by what they depend on and by phone. */
export interface SubscriptionIndex {
  add(entry: Entry): void
  remove(entry: Entry): void
  /** What it depends on may have changed. */
  update(entry: Entry): void
  readonly all: ReadonlySet<Entry>
  about(subject: string): readonly Entry[]
  ofDevice(device: DeviceId): readonly Entry[]
}

export function createSubscriptionIndex(): SubscriptionIndex {
  const all = new Set<Entry>()
  const bySubject = new Map<string, Set<Entry>>()
  const byDevice = new Map<DeviceId, Set<Entry>>()
  const subjects = new Map<Entry, readonly string[]>()

  function place(entry: Entry): void {
    const now = entry.contents.subjects
    subjects.set(entry, now)
    for (const subject of now) join(bySubject, subject, entry)
  }

  function unplace(entry: Entry): void {
    for (const subject of subjects.get(entry) ?? []) leave(bySubject, subject, entry)
    subjects.delete(entry)
  }

  return {
    add(entry) {
      all.add(entry)
      join(byDevice, entry.about.by.device, entry)
      place(entry)
    },
    remove(entry) {
      all.delete(entry)
      leave(byDevice, entry.about.by.device, entry)
      unplace(entry)
    },
    update(entry) {
      if (!all.has(entry)) return
      unplace(entry)
      place(entry)
    },
    all,
    about: (subject) => [...(bySubject.get(subject) ?? [])],
    ofDevice: (device) => [...(byDevice.get(device) ?? [])],
  }
}

function join<Key>(index: Map<Key, Set<Entry>>, key: Key, entry: Entry): void {
  const own = index.get(key) ?? new Set()
  index.set(key, own.add(entry))
}

function leave<Key>(index: Map<Key, Set<Entry>>, key: Key, entry: Entry): void {
  const own = index.get(key)
  own?.delete(entry)
  if (own?.size === 0) index.delete(key)
}
