import { type Alarm, type Clock, every, type Milliseconds } from '../../../../base/clock.js'
import type { Hop } from '../../../transport/flow.js'

/** The addresses of trunks, resolved again every minute (RFC 3263). */
export interface TrunkAddresses {
  follow(uris: readonly string[]): void
  readonly hops: readonly Hop[]
  close(): void
}

export interface TrunkAddressesNeeds {
  readonly find: (uri: string) => Promise<readonly Hop[]>
  readonly clock: Clock
  readonly onFound: () => void
  readonly onFault: (fault: unknown) => void
}

const resolveEveryMs: Milliseconds = 60_000

export function createTrunkAddresses({ find, clock, onFound, onFault }: TrunkAddressesNeeds): TrunkAddresses {
  const found = new Map<string, readonly Hop[]>()
  let uris: readonly string[] = []

  /** A name that cannot be resolved now keeps its addresses. */
  async function locate(uri: string): Promise<void> {
    const hops = await find(uri).catch(() => null)
    if (!hops || !uris.includes(uri)) return
    found.set(uri, hops)
    onFound()
  }

  const locateAll = async (): Promise<void> => void (await Promise.all(uris.map(locate)))
  let watch: Alarm | null = null

  return {
    follow(next) {
      const fresh = next.filter((uri) => !uris.includes(uri))
      for (const uri of uris) if (!next.includes(uri)) found.delete(uri)
      uris = next
      if (uris.length > 0) watch ??= every(clock, resolveEveryMs, locateAll, onFault)
      for (const uri of fresh) void locate(uri)
    },
    get hops() {
      return uris.flatMap((uri) => found.get(uri) ?? [])
    },
    close: () => watch?.cancel(),
  }
}
