import { frameSize, writeFrame } from './frame.js'

/**
 * Frames for an application, in reusable blocks of memory. If the application acknowledges frames, they are kept until then and can be sent again
 * over another connection.
 */
export interface Outbox {
  append(line: string, message: Buffer | null): void
  /** Everything appended since the last call. */
  take(): readonly Chunk[]
  /** From now on frames are counted, and kept until they are acknowledged. */
  keep(): void
  readonly isKeeping: boolean
  /** The application has read this many frames. */
  acknowledge(frames: number): void
  /** Everything after this many frames, to be sent again; null if it is not in memory. */
  takeAgain(frames: number): readonly Chunk[] | null
  /** Bytes that are kept, or not taken yet. */
  readonly size: number
}

/** Bytes to write. `written` must be called once, when the socket has accepted them. */
export interface Chunk {
  readonly bytes: Buffer
  readonly written: () => void
}

interface Block {
  readonly bytes: Buffer
  used: number
  taken: number
  /** Chunks in the socket. */
  writing: number
  /** Number of its first frame, and the index of each. */
  first: number
  starts: number[]
}

const blockBytes = 64 * 1024
const maxSpare = 4

export function createOutbox(): Outbox {
  const spare: Buffer[] = []
  const full: Block[] = []
  let fullBytes = 0
  let isKeeping = false
  let appended = 0
  let acknowledged = 0
  let block = newBlock(Buffer.allocUnsafeSlow(blockBytes))

  function newBlock(bytes: Buffer): Block {
    return { bytes, used: 0, taken: 0, writing: 0, first: appended, starts: [] }
  }

  function isDone({ writing, taken, used, first, starts }: Block): boolean {
    return writing === 0 && taken === used && (!isKeeping || first + starts.length <= acknowledged)
  }

  function release(): void {
    while (full[0] && isDone(full[0])) {
      const { bytes, used } = full[0]
      full.shift()
      fullBytes -= used
      if (spare.length < maxSpare && bytes.length === blockBytes) spare.push(bytes)
    }
    if (block.used > 0 && isDone(block)) block = newBlock(block.bytes)
  }

  function makeRoom(size: number): void {
    if (block.used + size <= block.bytes.length) return
    if (block.used > 0) {
      full.push(block)
      fullBytes += block.used
    }
    block = newBlock(size > blockBytes ? Buffer.allocUnsafeSlow(size) : (spare.pop() ?? Buffer.allocUnsafeSlow(blockBytes)))
  }

  function chunkOf(from: Block, start: number): Chunk {
    from.writing += 1
    from.taken = from.used
    return {
      bytes: from.bytes.subarray(start, from.used),
      written() {
        from.writing -= 1
        release()
      },
    }
  }

  return {
    append(line, message) {
      makeRoom(frameSize(line, message))
      if (isKeeping) block.starts.push(block.used)
      appended += 1
      block.used = writeFrame(block.bytes, block.used, line, message)
    },
    take: () => [...full, block].filter(({ taken, used }) => taken < used).map((each) => chunkOf(each, each.taken)),
    keep() {
      isKeeping = true
      appended = 0
      block = newBlock(block.bytes)
    },
    get isKeeping() {
      return isKeeping
    },
    acknowledge(frames) {
      if (frames <= acknowledged || frames > appended) return
      acknowledged = frames
      release()
    },
    takeAgain(frames) {
      if (!isKeeping || frames < acknowledged || frames > appended) return null
      acknowledged = frames
      const chunks: Chunk[] = []
      for (const each of [...full, block]) {
        const start = frames <= each.first ? 0 : (each.starts[frames - each.first] ?? each.used)
        if (start < each.used) chunks.push(chunkOf(each, start))
        else each.taken = each.used
      }
      release()
      return chunks
    },
    get size() {
      return isKeeping ? fullBytes + block.used : [...full, block].reduce((sum, { used, taken }) => sum + used - taken, 0)
    },
  }
}
