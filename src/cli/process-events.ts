/** What may end a running process from outside or from within. */
export interface ProcessEvents {
  /** Ctrl-C, a polite kill, or a terminal that was closed. */
  onStop(listener: () => void): void
  /** A fault that no part of the program caught. */
  onFault(listener: (fault: unknown) => void): void
  /** Ends the process at once, with nothing closed. */
  abandon(code: number): never
  /** Takes the listeners off again. */
  close(): void
}

export function processEvents(): ProcessEvents {
  const undo: (() => void)[] = []
  return {
    onStop(listener) {
      for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
        process.on(signal, listener)
        undo.push(() => process.off(signal, listener))
      }
    },
    onFault(listener) {
      process.on('uncaughtException', listener)
      process.on('unhandledRejection', listener)
      undo.push(() => process.off('uncaughtException', listener).off('unhandledRejection', listener))
    },
    abandon: (code) => process.exit(code),
    close() {
      for (const off of undo.splice(0)) off()
    },
  }
}
