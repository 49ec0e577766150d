/** Several listeners for one kind of news; one listener's fault disturbs neither the others nor the sender. */
export interface Emitter<News extends readonly unknown[]> {
  /** Answers the function that takes the listener off again. */
  on(listener: (...news: News) => void): () => void
  emit(...news: News): void
}

export function createEmitter<News extends readonly unknown[]>(onFault: (fault: unknown) => void): Emitter<News> {
  const listeners = new Set<(...news: News) => void>()
  return {
    on(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    emit(...news) {
      for (const listener of Array.from(listeners)) {
        try {
          listener(...news)
        } catch (fault) {
          onFault(fault)
        }
      }
    },
  }
}
