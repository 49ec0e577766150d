import { type Clock, every, type Milliseconds } from '../../base/clock.js'
import { messageOf } from '../../base/errors.js'
import { type Extension, type NodeName, parseNodeName, type SiteName } from '../../base/identity.js'
import type { Logger } from '../../base/logger.js'
import type { LimitName } from '../../dialplan/dialplan.js'
import type { Directory } from '../../directory/directory.js'
import type { Replica, Store } from '../../store/store.js'

/** Whose calls outside are counted. */
export type LimitSubject = `user:${Extension}` | `site:${SiteName}`

/** How much of each limit is used. */
export type Usage = Readonly<Record<LimitName, number>>

/** A moment, and the date that it has at the site. */
export interface Moment {
  readonly at: Milliseconds
  readonly date: string
}

/** `2026-03-29 09:00` → `2026-03-29` */
export function dateIn(local: string): string {
  return local.slice(0, 10)
}

/** A call outside, as limits count it. */
export interface OutsideCall {
  now(): Moment
  /** Seconds since it was answered. */
  talkSeconds(): number
}

/** Calls outside by all nodes together. Each node counts its own in memory and writes them to Redis, where the others read them. */
export interface OutsideUsage {
  of(subject: LimitSubject, moment: Moment): Usage
  /** Counts a call, and its minutes while it goes on, until the function is called that ends it. */
  begin(subjects: readonly LimitSubject[], call: OutsideCall): () => void
  close(): void
}

export interface OutsideUsageNeeds {
  readonly store: Pick<Store, 'replica' | 'putFields' | 'onState' | 'state'>
  readonly directory: Pick<Directory, 'node'>
  readonly node: NodeName
  readonly clock: Clock
  readonly log: Logger
}

/** What one node has counted. `calls` in that minute, `seconds` on that date. */
interface Count {
  active: number
  minute: number
  calls: number
  date: string
  seconds: number
}

const keepSeconds = 2 * 24 * 60 * 60
/** How late other nodes learn of the minutes of calls in progress. */
const noteMs: Milliseconds = 30_000

interface Running {
  readonly subjects: readonly LimitSubject[]
  readonly call: OutsideCall
  /** Seconds that are counted already. */
  seconds: number
}

export function createOutsideUsage({ store, directory, node, clock, log }: OutsideUsageNeeds): OutsideUsage {
  const own = new Map<LimitSubject, Count>()
  const writing = new Set<LimitSubject>()
  const unwritten = new Set<LimitSubject>()
  const running = new Set<Running>()

  function countOf(subject: LimitSubject): Count {
    const count = own.get(subject) ?? keptBy(node, subject)
    own.set(subject, count)
    return count
  }

  /** After a restart the minutes of the day go on; calls at once begin with none. */
  function keptBy(name: NodeName, subject: LimitSubject): Count {
    return { ...readCount(store.replica.hash(keyOf(subject))?.get(name) ?? '').count, active: 0 }
  }

  async function write(subject: LimitSubject): Promise<void> {
    unwritten.add(subject)
    if (writing.has(subject) || store.state === 'lost') return
    writing.add(subject)
    try {
      while (unwritten.delete(subject)) {
        const text = writeCount(directory.node(node)?.boot ?? '-', countOf(subject))
        await store.putFields(keyOf(subject), { [node]: text }, keepSeconds)
      }
    } catch (fault) {
      unwritten.add(subject)
      log.debug({ event: 'store.lost', cause: messageOf(fault) }, `other nodes do not know the calls outside of ${subject}`)
    } finally {
      writing.delete(subject)
    }
  }

  function note(one: Running): void {
    const seconds = one.call.talkSeconds()
    const { date } = one.call.now()
    if (seconds <= one.seconds) return
    for (const subject of one.subjects) {
      const count = countOf(subject)
      count.seconds = (count.date === date ? count.seconds : 0) + seconds - one.seconds
      count.date = date
      void write(subject)
    }
    one.seconds = seconds
  }

  /** Minutes of calls in progress that are not counted yet. */
  function minutesSinceNote(subject: LimitSubject): number {
    const open = [...running].filter(({ subjects }) => subjects.includes(subject))
    return open.reduce((minutes, { call, seconds }) => minutes + (call.talkSeconds() - seconds) / 60, 0)
  }

  const notes = every(
    clock,
    noteMs,
    () => running.forEach(note),
    (fault) => log.error({ event: 'node.fault', err: fault }, 'calls in progress were not counted'),
  )
  const offState = store.onState((state) => {
    if (state === 'connected') for (const subject of unwritten) void write(subject)
  })

  return {
    of(subject, moment) {
      const others = usageIn(store.replica, directory, { subject, moment, without: node })
      const ofOwn = usageOf(countOf(subject), moment)
      return sum([others, ofOwn, { ...nothing, minutesPerDay: minutesSinceNote(subject) }])
    },
    begin(subjects, call) {
      const moment = call.now()
      const one: Running = { subjects, call, seconds: 0 }
      running.add(one)
      for (const subject of subjects) {
        const count = countOf(subject)
        const minute = minuteOf(moment)
        count.calls = count.minute === minute ? count.calls + 1 : 1
        count.minute = minute
        count.active++
        void write(subject)
      }
      return () => {
        running.delete(one)
        for (const subject of subjects) countOf(subject).active--
        note(one)
        for (const subject of subjects) void write(subject)
      }
    },
    close() {
      notes.cancel()
      offState()
    },
  }
}

const nothing: Usage = { callsAtOnce: 0, callsPerMinute: 0, minutesPerDay: 0 }

interface UsageQuestion {
  readonly subject: LimitSubject
  readonly moment: Moment
  /** A node whose counts are left out. */
  readonly without?: NodeName
}

/** What all nodes have written, from the copy of Redis. */
export function usageIn(
  replica: Pick<Replica, 'hash'>,
  directory: Pick<Directory, 'node'>,
  { subject, moment, without }: UsageQuestion,
): Usage {
  const written = [...(replica.hash(keyOf(subject)) ?? [])].filter(([name]) => name !== without)
  return sum(
    written.map(([name, text]) => {
      const { boot, count } = readCount(text)
      // The calls of a node that has ended since are over; their minutes still count.
      const isAlive = directory.node(parseNodeName(name) ?? ('' as NodeName))?.boot === boot
      return usageOf(isAlive ? count : { ...count, active: 0 }, moment)
    }),
  )
}

function usageOf({ active, minute, calls, date, seconds }: Count, moment: Moment): Usage {
  return {
    callsAtOnce: active,
    callsPerMinute: minute === minuteOf(moment) ? calls : 0,
    minutesPerDay: date === moment.date ? seconds / 60 : 0,
  }
}

function sum(usages: readonly Usage[]): Usage {
  const total = (name: LimitName): number => usages.reduce((all, usage) => all + usage[name], 0)
  return { callsAtOnce: total('callsAtOnce'), callsPerMinute: total('callsPerMinute'), minutesPerDay: total('minutesPerDay') }
}

function minuteOf({ at }: Moment): number {
  return Math.floor(at / 60_000)
}

function keyOf(subject: LimitSubject): string {
  return `usage:${subject}`
}

function writeCount(boot: string, { active, minute, calls, date, seconds }: Count): string {
  return [boot, active, minute, calls, date || '-', Math.round(seconds)].join(' ')
}

/** Text that is not a count is a count of nothing. */
function readCount(text: string): { readonly boot: string; readonly count: Count } {
  const [, boot = '', active, minute, calls, date = '', seconds] =
    /^(\S+) ([0-9]{1,9}) ([0-9]{1,9}) ([0-9]{1,9}) (\S+) ([0-9]{1,9})$/.exec(text) ?? []
  const number = (digits: string | undefined): number => Number(digits ?? 0)
  return { boot, count: { active: number(active), minute: number(minute), calls: number(calls), date, seconds: number(seconds) } }
}
