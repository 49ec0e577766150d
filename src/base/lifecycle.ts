import type { Clock } from './clock.js'

/** Who opens, closes: what was opened is closed in reverse order, each with a deadline. */
export interface Lifecycle {
  /** Registers a closer; answers what was opened, so that opening and registering are one line. */
  opened<Thing>(thing: Thing, name: string, close: (thing: Thing) => void | Promise<void>): Thing
  /** Closes all, last opened first. A closer that fails or is late is named to `onFault`; the rest still close. Once only. */
  close(): Promise<void>
}

export interface LifecycleNeeds {
  readonly clock: Clock
  /** For each single closer. */
  readonly deadlineMs: number
  readonly onFault: (name: string, fault: unknown) => void
}

export function createLifecycle({ clock, deadlineMs, onFault }: LifecycleNeeds): Lifecycle {
  const closers: { name: string; close: () => void | Promise<void> }[] = []
  let closing: Promise<void> | null = null

  async function closeOne({ name, close }: (typeof closers)[number]): Promise<void> {
    let alarm = { cancel: (): void => undefined }
    const late = new Promise<never>((_, reject) => {
      alarm = clock.after(deadlineMs, () => reject(new Error(`not closed within ${deadlineMs} ms`)))
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
    for (let next = closers.pop(); next; next = closers.pop()) await closeOne(next)
  }

  return {
    opened(thing, name, close) {
      closers.push({ name, close: () => close(thing) })
      return thing
    },
    close() {
      closing ??= closeAll()
      return closing
    },
  }
}
