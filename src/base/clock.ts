/** Epoch milliseconds, with a fraction. */
export type Milliseconds = number

const unitMs: Readonly<Record<string, Milliseconds>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** `90m`, `12h`, `1h30m`; null for anything else and for zero. */
export function parseDuration(text: string): Milliseconds | null {
  if (!/^([0-9]{1,5}[smhd]){1,4}$/.test(text)) return null
  const parts = Array.from(text.matchAll(/([0-9]{1,5})([smhd])/g), ([, count, unit = '']) => Number(count) * (unitMs[unit] ?? 0))
  return parts.reduce((sum, part) => sum + part, 0) || null
}

/** A pending call of `Clock.after`. Cancelling one that has fired does nothing. */
export interface Alarm {
  cancel(): void
}

/** The only source of time. Parts that wait take a clock, so that tests can advance it. */
export interface Clock {
  /** Epoch milliseconds, monotonic. */
  now(): Milliseconds
  /** Runs once, `ms` from now. */
  after(ms: Milliseconds, run: () => void): Alarm
}

/** Node fires a longer timeout at once. */
const longestTimeoutMs: Milliseconds = 0x7fff_ffff

/** The clock of the machine: monotonic, anchored at the wall clock when the process started. */
export const systemClock: Clock = {
  now: () => performance.timeOrigin + performance.now(),
  after(ms, run) {
    let handle: NodeJS.Timeout
    const wait = (left: Milliseconds): void => {
      handle = left > longestTimeoutMs ? setTimeout(() => wait(left - longestTimeoutMs), longestTimeoutMs) : setTimeout(run, left)
    }
    wait(ms)
    return { cancel: () => clearTimeout(handle) }
  },
}

/** Resolves `ms` from now. Prefer to wait for an event. */
export function pause(clock: Clock, ms: Milliseconds): Promise<void> {
  return new Promise((resolve) => {
    clock.after(ms, resolve)
  })
}

/** Runs repeatedly, `ms` after the end of the previous run, until cancelled. */
export function every(clock: Clock, ms: Milliseconds, run: () => void | Promise<void>, onFault: (fault: unknown) => void): Alarm {
  let cancelled = false
  let alarm = clock.after(ms, turn)
  function turn(): void {
    Promise.resolve()
      .then(run)
      .catch(onFault)
      .finally(() => {
        if (!cancelled) alarm = clock.after(ms, turn)
      })
  }
  return {
    cancel() {
      cancelled = true
      alarm.cancel()
    },
  }
}

const stepMs: Milliseconds = 100

/** Runs for each item in turn, in equal steps of 100 ms: the first at once, the last within `ms`. */
export function spread<Item>(clock: Clock, items: readonly Item[], ms: Milliseconds, run: (item: Item) => void): Alarm {
  const each = Math.ceil((items.length * stepMs) / ms)
  let alarm: Alarm | null = null
  function step(from: number): void {
    const next = from + each
    alarm = next < items.length ? clock.after(stepMs, () => step(next)) : null
    for (const item of items.slice(from, next)) run(item)
  }
  step(0)
  return { cancel: () => alarm?.cancel() }
}
