/** What has arrived and was not taken yet; whoever waits for something is told when it comes. */
export interface Mailbox<Item> {
  put(item: Item): void
  /** The first that fits, taken out, now or as soon as it comes. Rejects with what is there instead when it does not come in time. */
  take(wanted: string, fits: (item: Item) => boolean): Promise<Item>
  readonly items: readonly Item[]
}

// An announcement of some seconds may come first.
const patienceMs = 8_000

export function createMailbox<Item>(describe: (item: Item) => string): Mailbox<Item> {
  const items: Item[] = []
  const waiting = new Set<() => void>()

  return {
    items,
    put(item) {
      items.push(item)
      for (const look of waiting) look()
    },
    take(wanted, fits) {
      return new Promise((resolve, reject) => {
        const late = setTimeout(() => {
          waiting.delete(look)
          reject(new Error(`${wanted} did not come; there is: ${items.map(describe).join(', ') || 'nothing'}`))
        }, patienceMs)
        const look = (): void => {
          const at = items.findIndex(fits)
          if (at < 0) return
          waiting.delete(look)
          clearTimeout(late)
          resolve(...(items.splice(at, 1) as [Item]))
        }
        waiting.add(look)
        look()
      })
    },
  }
}
