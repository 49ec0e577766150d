import { connect, createServer, type Socket } from 'node:net'

/** The way between an application and its SIP server, which a test can cut. */
export interface CutWire {
  readonly port: number
  /** Both ends lose the connection; a new one passes. */
  cut(): void
  /** Each connection passes as many bytes, taken anew for each, and is cut in the middle of whatever it carries. */
  cutAfter(bytes: () => number): void
  /** New connections are refused, as long as this is set. */
  isDown: boolean
  /** What the server sends is read no more, or again; neither side is told. */
  stop(): void
  goOn(): void
  readonly cuts: number
  close(): Promise<void>
}

export async function openCutWire(to: number): Promise<CutWire> {
  const pairs = new Set<readonly [Socket, Socket]>()
  let budget: (() => number) | null = null
  let cuts = 0

  function sever(pair: readonly [Socket, Socket]): void {
    if (!pairs.delete(pair)) return
    cuts += 1
    for (const socket of pair) socket.destroy()
  }

  const server = createServer((near) => {
    if (wire.isDown) return void near.destroy()
    const far = connect({ port: to, host: '127.0.0.1' })
    const pair = [near, far] as const
    pairs.add(pair)
    let left = budget?.() ?? Number.POSITIVE_INFINITY
    const pass = (from: Socket, into: Socket): void => {
      from.on('data', (bytes: Buffer) => {
        const some = bytes.subarray(0, left)
        left -= some.length
        into.write(some, () => left <= 0 && sever(pair))
      })
    }
    pass(near, far)
    pass(far, near)
    for (const socket of pair) {
      socket.setNoDelay(true)
      socket.on('error', () => undefined)
      socket.on('close', () => {
        pairs.delete(pair)
        for (const each of pair) each.destroy()
      })
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))

  const wire: CutWire = {
    port: (server.address() as { port: number }).port,
    isDown: false,
    cut() {
      for (const pair of pairs) sever(pair)
    },
    cutAfter(bytes) {
      budget = bytes
    },
    stop() {
      for (const [, far] of pairs) far.pause()
    },
    goOn() {
      for (const [, far] of pairs) far.resume()
    },
    get cuts() {
      return cuts
    },
    close() {
      for (const pair of pairs) for (const socket of pair) socket.destroy()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
  return wire
}
