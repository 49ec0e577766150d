import type { Clock } from './clock.js'

/** Closes what was opened, in reverse order, each part with a deadline. */
export interface Lifecycle {
  /** Registers a closer and answers `thing`, so that opening and registering fit into one line. After `close` it is closed at once. */
  opened<Thing>(thing: Thing, name: string, close: (thing: Thing) => void | Promise<void>): Thing
  /**
   * Waits for a part to open. Rejects with `ClosedMeanwhile` as soon as `close` is called; `close` waits for the part, with a deadline, and
   * closes what it has opened.
   */
  opening<Thing>(part: Promise<Thing>): Promise<Thing>
  /** Runs before anything is closed, with its own deadline: for work that needs all parts. */
  before(name: string, finish: () => void | Promise<void>, deadlineMs: () => number): void
  /** Closes one part now, out of order. */
  closeEarly(name: string): Promise<void>
  /** Closes all parts, last opened first, once. A closer that fails or is late is reported to `onFault`; the others still run. */
  close(): Promise<void>
}

/** The part is no longer needed: closing has begun. */
export class ClosedMeanwhile extends Error {
  override readonly name = 'ClosedMeanwhile'
}

export interface LifecycleNeeds {
  readonly clock: Clock
  /** For each closer. */
  readonly deadlineMs: number
  readonly onFault: (name: string, fault: unknown) => void
}

interface Closer {
  readonly name: string
  readonly close: () => void | Promise<void>
  readonly withinMs: number
}

export function createLifecycle({ clock, deadlineMs, onFault }: LifecycleNeeds): Lifecycle {
  const closers: Closer[] = []
  const finishers: { readonly name: string; readonly close: Closer['close']; readonly within: () => number }[] = []
  /** Parts that are being opened; these promises never reject. */
  const pending = new Set<Promise<unknown>>()
  let closing: Promise<void> | null = null
  let isOver = false
  let interrupt: (reason: ClosedMeanwhile) => void = () => undefined
  const interrupted = new Promise<never>((_, reject) => {
    interrupt = reject
  })
  interrupted.catch(() => undefined)

  async function closeOne({ name, close, withinMs }: Closer): Promise<void> {
    let alarm = { cancel: (): void => undefined }
    const late = new Promise<never>((_, reject) => {
      alarm = clock.after(withinMs, () => reject(new Error(`not closed within ${withinMs} ms`)))
    })
    try {
      await Promise.race([Promise.resolve().then(close), late])
    } catch (fault) {
      onFault(name, fault)
    } finally {
      alarm.cancel()
    }
  }

  async function closeAll(): Promise<void> {
    for (const { name, close, within } of finishers) await closeOne({ name, close, withinMs: within() })
    await closeOpened()
    if (pending.size > 0) {
      await closeOne({ name: 'start', close: async () => void (await Promise.all(pending)), withinMs: deadlineMs })
      await closeOpened()
    }
    isOver = true
  }

  async function closeOpened(): Promise<void> {
    for (let next = closers.pop(); next; next = closers.pop()) await closeOne(next)
  }

  return {
    opened(thing, name, close) {
      const closer = { name, close: () => close(thing), withinMs: deadlineMs }
      if (isOver) void closeOne(closer)
      else closers.push(closer)
      return thing
    },
    opening(part) {
      const settled = part.then(
        () => undefined,
        () => undefined,
      )
      pending.add(settled)
      void settled.then(() => pending.delete(settled))
      return Promise.race([part, interrupted])
    },
    before: (name, close, within) => void finishers.push({ name, close, within }),
    async closeEarly(name) {
      const at = closers.findIndex((closer) => closer.name === name)
      for (const closer of at < 0 ? [] : closers.splice(at, 1)) await closeOne(closer)
    },
    close() {
      interrupt(new ClosedMeanwhile())
      closing ??= closeAll()
      return closing
    },
  }
}
