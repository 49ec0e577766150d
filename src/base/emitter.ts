/** One event with several listeners. A listener that throws disturbs neither the others nor the sender. */
export interface Emitter<Event extends readonly unknown[]> {
  /** Answers a function that removes the listener. */
  on(listener: (...event: Event) => void): () => void
  emit(...event: Event): void
}

export function createEmitter<Event extends readonly unknown[]>(onFault: (fault: unknown) => void): Emitter<Event> {
  const listeners = new Set<(...event: Event) => void>()
  return {
    on(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    emit(...event) {
      for (const listener of Array.from(listeners)) {
        try {
          listener(...event)
        } catch (fault) {
          onFault(fault)
        }
      }
    },
  }
}
