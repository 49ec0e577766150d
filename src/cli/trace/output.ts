import { type FileHandle, open } from 'node:fs/promises'
import { errors, messageOf } from '../../base/errors.js'
import { type Arrow, capturedPacket, captureHeader, createLadder } from '../../trace/trace.js'
import { localTime } from '../history/entries.js'
import type { Terminal } from '../output/terminal.js'

export interface OutputOptions {
  /** `HD0001`, `call 3f2a9c10` */
  readonly heading: string
  readonly full?: boolean
  readonly json?: boolean
  readonly pcap?: string
}

/** Where the messages of a trace go. */
export interface TraceOutput {
  show(arrows: readonly Arrow[]): Promise<void>
  /** Sentences about the whole. */
  end(words: readonly string[]): void
  close(): Promise<void>
}

/** @throws AppError FILE_UNUSABLE if the capture cannot be written */
export async function openOutput({ heading, full, json, pcap }: OutputOptions, terminal: Terminal): Promise<TraceOutput> {
  const { print, announce, paint } = terminal
  const capture = pcap === undefined ? null : await openCapture(pcap)
  const ladder = createLadder({ width: () => terminal.width, paint, detail: full ? 'full' : 'short' })
  let packets = 0
  let isHeaded = false

  function draw(arrows: readonly Arrow[]): void {
    const [first] = arrows
    if (!isHeaded && first) print(paint.faint(`${heading}, from ${localTime(first.at)}\n`))
    isHeaded = true
    for (const line of ladder.draw(arrows)) print(line)
  }

  return {
    async show(arrows) {
      if (arrows.length === 0) return
      if (json) for (const arrow of arrows) print(JSON.stringify(plainArrow(arrow)))
      else draw(arrows)
      packets += arrows.length
      if (capture && pcap !== undefined) await orUnwritable(pcap, () => capture.appendFile(Buffer.concat(arrows.map(capturedPacket))))
    },
    end(words) {
      if (!json) for (const [index, text] of words.entries()) print(`${index === 0 && isHeaded ? '\n' : ''}${text}`)
      if (pcap !== undefined) announce(`${pcap}: ${packets} messages`)
    },
    async close() {
      await capture?.close()
    },
  }
}

/** Readable by its owner alone, because it shows who has called whom. */
async function openCapture(file: string): Promise<FileHandle> {
  const opened = await orUnwritable(file, () => open(file, 'w', privateMode))
  await orUnwritable(file, async () => {
    // A pipe or device keeps its mode.
    if ((await opened.stat()).isFile()) await opened.chmod(privateMode)
    await opened.appendFile(captureHeader())
  })
  return opened
}

const privateMode = 0o600

async function orUnwritable<Result>(file: string, run: () => Promise<Result>): Promise<Result> {
  try {
    return await run()
  } catch (fault) {
    throw errors.FILE_UNUSABLE.unwritable({ file, reason: messageOf(fault) }, fault)
  }
}

function plainArrow({ at, from, to, protocol, callId, repeats, sip, text }: Arrow) {
  const { method, status, reason, about } = sip
  return {
    time: new Date(at).toISOString(),
    from: { name: from.name, address: from.address },
    to: { name: to.name, address: to.address },
    protocol,
    callId,
    method: method ?? about,
    status: status === 0 ? null : status,
    reason: status === 0 ? null : reason,
    retransmission: repeats > 0,
    message: text,
  }
}
