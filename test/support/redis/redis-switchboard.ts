import { connect, createServer, type Server, type Socket } from 'node:net'

/**
 * The network between servers and nodes, which a test can split into islands. Each server is reached by a front on a port of its own, which
 * it announces as its address. A server makes its own connections from a loopback address of its own; a node gives itself away by a word
 * in its first bytes (its password).
 */
export interface IvrDispatch {
  /** Opens the front of a server. */
  front(party: string, port: number): Promise<Front>
  /** Nothing passes from one island to another any longer, and nobody hears so. Those not named are on the mainland. */
  split(...islands: readonly (readonly string[])[]): void
  /** Everything passes again, over new connections. */
  heal(): void
  close(): Promise<void>
}

export interface Front {
  readonly port: number
  /** Where the server connects from: 127.0.1.1. */
  readonly source: string
}

interface Pair {
  readonly to: string
  from: string
  readonly caller: Socket
  readonly server: Socket
}

/** @param words node → a word that only its first bytes have */
export function openSwitchboard(words: Readonly<Record<string, string>>): IvrDispatch {
  const pairs = new Set<Pair>()
  const fronts: Server[] = []
  const partyAt = new Map<string, string>()
  let islands: readonly (readonly string[])[] = []

  const islandOf = (party: string): number => islands.findIndex((island) => island.includes(party))
  const isCut = ({ from, to }: Pair): boolean => islandOf(from) !== islandOf(to)

  function callerOf(first: Buffer, address: string): string {
    const party = partyAt.get(address)
    return party ?? Object.keys(words).find((name) => first.includes(words[name] ?? '')) ?? 'unknown'
  }

  function accept(caller: Socket, to: string, port: number): void {
    const server = connect(port, '127.0.0.1')
    const pair: Pair = { to, from: '', caller, server }
    pairs.add(pair)
    caller.on('data', (bytes: Buffer) => {
      if (pair.from === '') pair.from = callerOf(bytes, caller.remoteAddress ?? '')
      if (!isCut(pair)) server.write(bytes)
    })
    server.on('data', (bytes: Buffer) => void (isCut(pair) || caller.write(bytes)))
    for (const [socket, other] of [[caller, server] as const, [server, caller] as const]) {
      socket.on('error', () => undefined)
      socket.on('close', () => {
        // A cut keeps the news of an end as well.
        if (pair.from !== '' && isCut(pair)) return
        pairs.delete(pair)
        other.destroy()
      })
    }
  }

  return {
    async front(party, port) {
      const source = `127.0.1.${fronts.length + 1}`
      partyAt.set(source, party)
      const server = createServer((caller) => accept(caller, party, port))
      fronts.push(server)
      await new Promise<void>((resolve) => {
        server.listen(0, '127.0.0.1', resolve)
      })
      return { port: (server.address() as { port: number }).port, source }
    },
    split(...apart) {
      islands = apart
    },
    heal() {
      // Bytes are missing in what was cut.
      const cut = [...pairs].filter(isCut)
      islands = []
      for (const { caller, server } of cut) for (const socket of [caller, server]) socket.destroy()
    },
    async close() {
      for (const { caller, server } of pairs) for (const socket of [caller, server]) socket.destroy()
      await Promise.all(fronts.map((server) => new Promise((resolve) => server.close(resolve))))
    },
  }
}
