import { type Clock, every, type Milliseconds } from '../base/clock.js'
import { messageOf } from '../base/errors.js'
import type { Logger } from '../base/logger.js'
import { readTlsFiles, type TlsFiles, type TlsPair } from './tls-files.js'

export interface TlsRenewalNeeds {
  readonly files: TlsFiles
  /** The pair in use. */
  readonly present: TlsPair
  /** Starts to use another pair. */
  readonly renew: (pair: TlsPair) => Promise<void>
  readonly clock: Clock
  readonly log: Logger
}

/** The files are read at intervals: renewal tools replace files, links or whole folders, and not every file system reports changes. */
const intervalMs: Milliseconds = 5_000
const dayMs = 86_400_000
const soonMs = 14 * dayMs

/** Takes over a renewed certificate while the node runs. The old pair stays in use until both files belong together again. */
export function followTlsFiles({ files, present, renew, clock, log }: TlsRenewalNeeds): { close(): void } {
  let used = textOf(present)
  let warned = ''
  reportExpiry(present, 'in use')

  async function check(): Promise<void> {
    const reading = readTlsFiles(files)
    if ('problems' in reading) warn(reading.problems.map(({ message }) => message).join('; '))
    else if (textOf(reading.pair) !== used) await take(reading.pair)
    else warned = ''
  }

  async function take(pair: TlsPair): Promise<void> {
    await renew(pair)
    used = textOf(pair)
    warned = ''
    reportExpiry(pair, 'renewed')
  }

  /** Once for each reason: between the writes of two files the pair does not match. */
  function warn(reason: string): void {
    if (reason === warned) return
    warned = reason
    log.warn({ event: 'sip.certificate', reason }, `keeping the TLS certificate in use: ${reason}`)
  }

  function reportExpiry({ until }: TlsPair, what: string): void {
    const level = until - clock.now() < soonMs ? 'warn' : 'info'
    log[level]({ event: 'sip.certificate', until: new Date(until).toISOString() }, `TLS certificate ${what}, valid until ${dayOf(until)}`)
  }

  const checking = every(clock, intervalMs, check, (fault) => warn(messageOf(fault)))
  return { close: () => checking.cancel() }
}

function textOf({ certificate, key }: TlsPair): string {
  return certificate + key.reveal()
}

function dayOf(at: number): string {
  return new Date(at).toISOString().slice(0, 10)
}
