import { connect, createServer, type Socket } from 'node:net'
import { Secret } from '../../../src/base/secret.js'
import type { RedisTarget } from '../../../src/config/config.js'

/** The network between a node and Redis, which a test can cut. */
export interface RedisRelay {
  readonly place: RedisTarget
  /** The same as a configuration has it. */
  readonly url: string
  /** `reset`: both sides hear of it at once. `silence`: nothing passes any more, and nobody hears so. New connections fare alike. */
  cut(how: 'reset' | 'silence'): void
  /** New connections pass; those that were cut stay so. */
  heal(): void
  /** Withholds what comes to those connected now from the moment on when this word has been sent to Redis. */
  holdAnswersAfter(word: string): void
  /** Withholds this word, and whatever those connected now send after it. */
  holdFrom(word: string): void
  /** From now on Redis says that it is so much later, in whole seconds, as if its clock had been set. Its keys keep their time to live. */
  setClock(seconds: number): void
  /** Delivers what was held, however late. */
  release(): void
  close(): Promise<void>
}

interface Pair {
  readonly node: Socket
  readonly redis: Socket
  toRedis: Gate
  toNode: Gate
}

/** Bytes of one direction: they pass, or wait. */
interface Gate {
  pass(bytes: Buffer): void
  shut(): void
  open(): void
}

export async function openRelay(redisSocket: string): Promise<RedisRelay> {
  const pairs = new Set<Pair>()
  let isCut: 'reset' | 'silence' | null = null
  let ahead = 0
  let awaited: { readonly word: string; readonly what: 'answers' | 'requests' } | null = null

  const server = createServer((node) => {
    if (isCut === 'reset') return void node.destroy()
    const redis = connect(redisSocket)
    const pair: Pair = { node, redis, toRedis: createGate(redis), toNode: createGate(node) }
    pairs.add(pair)
    if (isCut === 'silence') silence(pair)
    node.on('data', (bytes: Buffer) => {
      const isAwaited = awaited !== null && bytes.includes(awaited.word)
      if (isAwaited) for (const each of pairs) (awaited?.what === 'requests' ? each.toRedis : each.toNode).shut()
      if (isAwaited) awaited = null
      pair.toRedis.pass(bytes)
    })
    redis.on('data', (bytes: Buffer) => pair.toNode.pass(ahead === 0 ? bytes : withLaterTime(bytes, ahead)))
    // What is held outlives the connection of the node: a network delivers late.
    node.on('close', () => pair.toNode.shut())
    redis.on('close', () => {
      pairs.delete(pair)
      node.destroy()
    })
    for (const socket of [node, redis]) socket.on('error', () => undefined)
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const { port } = server.address() as { port: number }

  const url = `redis://127.0.0.1:${port}`

  return {
    place: { kind: 'url', url: new Secret(url) },
    url,
    cut(how) {
      isCut = how
      for (const pair of pairs) {
        if (how === 'silence') silence(pair)
        else pair.redis.destroy()
      }
    },
    heal() {
      isCut = null
    },
    holdAnswersAfter(word) {
      awaited = { word, what: 'answers' }
    },
    holdFrom(word) {
      awaited = { word, what: 'requests' }
    },
    setClock(seconds) {
      ahead = seconds
    },
    release() {
      for (const pair of pairs) pair.toRedis.open()
    },
    async close() {
      for (const { node, redis } of pairs) {
        node.destroy()
        redis.destroy()
      }
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** Among all replies, the one to TIME is known by its form. */
function withLaterTime(bytes: Buffer, ahead: number): Buffer {
  const later = (_reply: string, seconds: string): string => `*2\r\n$10\r\n${Number(seconds) + ahead}\r\n$`
  return Buffer.from(bytes.toString('latin1').replace(/\*2\r\n\$10\r\n(\d{10})\r\n\$(?=[1-6]\r\n\d{1,6}\r\n)/g, later), 'latin1')
}

function silence({ toRedis, toNode }: Pair): void {
  toRedis.shut()
  toNode.shut()
}

function createGate(socket: Socket): Gate {
  let isOpen = true
  let held: Buffer[] = []
  return {
    pass(bytes) {
      if (isOpen) socket.write(bytes)
      else held.push(bytes)
    },
    shut() {
      isOpen = false
    },
    open() {
      isOpen = true
      for (const bytes of held) socket.write(bytes)
      held = []
    },
  }
}
