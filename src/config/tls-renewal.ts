import { type Clock, every, type Milliseconds } from '../base/clock.js'
import { messageOf } from '../base/errors.js'
import type { Logger } from '../base/logger.js'
import { readTlsFiles, type TlsFiles, type TlsPair } from './tls-files.js'

export interface TlsRenewalNeeds {
  readonly files: TlsFiles
  /** What is in use. */
  readonly present: TlsPair
  /** Puts another pair into use. */
  readonly renew: (pair: TlsPair) => Promise<void>
  readonly clock: Clock
  readonly log: Logger
}

/** Read again and again: what renews certificates replaces files, links or whole folders, and not every file system tells of it. */
const lookMs: Milliseconds = 5_000
const dayMs = 86_400_000
const shortMs = 14 * dayMs

/** Takes over a renewed certificate while the node runs. Until both files fit together again the old pair stays in use. */
export function followTlsFiles({ files, present, renew, clock, log }: TlsRenewalNeeds): { close(): void } {
  let used = textOf(present)
  let complaint = ''
  tellUntil(present, 'in use')

  async function look(): Promise<void> {
    const reading = readTlsFiles(files)
    if ('problems' in reading) complain(reading.problems.map(({ message }) => message).join('; '))
    else if (textOf(reading.pair) !== used) await take(reading.pair)
    else complaint = ''
  }

  async function take(pair: TlsPair): Promise<void> {
    await renew(pair)
    used = textOf(pair)
    complaint = ''
    tellUntil(pair, 'renewed')
  }

  /** Once, until it is another one: whoever writes two files may be half-way. */
  function complain(about: string): void {
    if (about === complaint) return
    complaint = about
    log.warn({ event: 'sip.certificate', reason: about }, `the TLS certificate in use stays in use: ${about}`)
  }

  function tellUntil({ until }: TlsPair, what: string): void {
    const level = until - clock.now() < shortMs ? 'warn' : 'info'
    log[level]({ event: 'sip.certificate', until: new Date(until).toISOString() }, `TLS certificate ${what}, good until ${dayOf(until)}`)
  }

  const looking = every(clock, lookMs, look, (fault) => complain(messageOf(fault)))
  return { close: () => looking.cancel() }
}

function textOf({ certificate, key }: TlsPair): string {
  return certificate + key.reveal()
}

function dayOf(at: number): string {
  return new Date(at).toISOString().slice(0, 10)
}
