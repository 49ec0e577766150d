// Loaded before everything else, so this file imports nothing.

export const stopSignals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

let arrived: NodeJS.Signals | null = null

function remember(signal: NodeJS.Signals): void {
  // SIGHUP may only ask for a reload.
  if (arrived === null || arrived === 'SIGHUP') arrived = signal
}

/** Remembers the signals that ask this process to end while the program is still being loaded. */
export function listenEarly(): void {
  for (const signal of stopSignals) process.on(signal, remember)
}

/** From here on the command handles signals itself. Returns one that has arrived already. */
export function takeOver(): NodeJS.Signals | null {
  const asked = arrived
  arrived = null
  for (const signal of stopSignals) process.off(signal, remember)
  return asked
}

/** From here on a signal ends this process at once, also one that has arrived already. */
export function letSignalsEnd(): void {
  const asked = arrived
  arrived = null
  for (const signal of stopSignals) process.off(signal, remember)
  if (asked !== null) process.kill(process.pid, asked)
}
