import type { Clock } from './clock.js'

/** Who opens, closes: what was opened is closed in reverse order, each with a deadline. */
export interface Lifecycle {
  /** Registers a closer; answers what was opened, so that opening and registering are one line. */
  opened<Thing>(thing: Thing, name: string, close: (thing: Thing) => void | Promise<void>): Thing
  /** Runs before anything is closed, with a deadline of its own: for work that needs every part to finish. */
  before(name: string, finish: () => void | Promise<void>, deadlineMs: number): void
  /** Closes that one now, out of its order. */
  closeEarly(name: string): Promise<void>
  /** Closes all, last opened first. A closer that fails or is late is named to `onFault`; the rest still close. Once only. */
  close(): Promise<void>
}

export interface LifecycleNeeds {
  readonly clock: Clock
  /** For each single closer. */
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
  const finishers: Closer[] = []
  let closing: Promise<void> | null = null

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
    for (const finisher of finishers) await closeOne(finisher)
    for (let next = closers.pop(); next; next = closers.pop()) await closeOne(next)
  }

  return {
    opened(thing, name, close) {
      closers.push({ name, close: () => close(thing), withinMs: deadlineMs })
      return thing
    },
    before: (name, close, withinMs) => void finishers.push({ name, close, withinMs }),
    async closeEarly(name) {
      const at = closers.findIndex((closer) => closer.name === name)
      for (const closer of at < 0 ? [] : closers.splice(at, 1)) await closeOne(closer)
    },
    close() {
      closing ??= closeAll()
      return closing
    },
  }
}
