import type { Protocol } from '../../base/listen-address.js'
import type { Passage } from '../core/passage.js'
import { newWireId } from '../wire-id.js'

/** The header lines that the server sends. drachtio-srf reads each word by its position. */

export function acceptedLine(command: string, ...details: readonly string[]): string {
  return [newWireId(), 'response', command, 'OK', ...details].join('|')
}

/** After `NO` the connection is closed, after `NOK` it is not. */
export function refusedLine(command: string, word: 'NO' | 'NOK', reason: string): string {
  return `${newWireId()}|response|${command}|${word}|${reason}`
}

export function requestSentLine(command: string, txnId: string, passage: Passage): string {
  return `${newWireId()}|response|${command}|OK|application|${passageWords(passage)}|${txnId}|Msg sent:|`
}

export function responseSentLine(command: string, txnId: string, dialogId: string, passage: Passage): string {
  return `${newWireId()}|response|${command}|OK|application|${passageWords(passage)}|${txnId}|${dialogId}||Msg sent:|`
}

/** A request or response; `receivedOn` only for a request outside a dialog. */
export function arrivedLine(txnId: string, dialogId: string, passage: Passage, receivedOn: string): string {
  return `${newWireId()}|sip|network|${passageWords(passage)}|${txnId}|${dialogId}|${receivedOn}`
}

/** The final response of one attempt. More responses to the same command follow. */
export function proxiedLine(command: string, passage: Passage): string {
  return `${newWireId()}|response|${command}|OK|network|${passageWords(passage)}|||continue`
}

/** A BYE that the server itself has sent. */
export function unsolicitedLine(dialogId: string, passage: Passage): string {
  return `${newWireId()}|sip|application|${passageWords(passage)}|unsolicited|${dialogId}|`
}

function passageWords({ size, protocol, remote, at }: Passage): string {
  const name = protocol === null ? 'unknown' : wordOf[protocol]
  return `${size}|${name}|${remote?.address ?? ''}|${remote?.port ?? 0}|${wireTime(at)}`
}

const wordOf: Readonly<Record<Protocol, string>> = { udp: 'udp', tcp: 'tcp', tls: 'tls', ws: 'tcp', wss: 'tls' }

/** `HH:MM:SS.uuuuuu`, UTC, without a date. */
export function wireTime(at: number): string {
  const ofDay = at % 86_400_000
  const seconds = Math.floor(ofDay / 1000)
  const micros = Math.floor((ofDay - seconds * 1000) * 1000)
  return `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}.${String(micros).padStart(6, '0')}`
}

function two(value: number): string {
  return value < 10 ? `0${value}` : String(value)
}
