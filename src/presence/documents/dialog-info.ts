import type { Language } from '../../base/language.js'
import { xmlText } from '../../base/output/xml-text.js'
import { sipUri } from '../../sip/uri/sip-uri.js'
import type { LampState, LampWord } from '../watched/lamp-state.js'
import { words } from './words.js'

/** What a document is about, and for whom. */
export interface DocumentParts {
  /** The address that the phone has subscribed to. */
  readonly entity: string
  readonly state: LampState
  /** Name of the lamp: an extension, a phone or a code. */
  readonly name: string
  readonly domain: string
  /** Of the user who watches. */
  readonly language: Language
}

export interface DialogInfoParts extends DocumentParts {
  /** Counts the documents of a subscription, from 0. */
  readonly version: number
  /** The call that the lamp showed last; null: none yet. */
  readonly lastCall: string | null
}

export const dialogInfoType = 'application/dialog-info+xml'

/**
 * A lamp that tells "not logged in" and "do not disturb" from "idle" is lit: phones have no other steady state. `early` blinks, and a press picks
 * the call up, so nothing but a call that rings at the user's phone is early.
 */
const dialogStates: Readonly<Record<LampWord, 'terminated' | 'early' | 'confirmed'>> = {
  idle: 'terminated',
  free: 'terminated',
  off: 'terminated',
  ringing: 'early',
  busy: 'confirmed',
  'not-logged-in': 'confirmed',
  'do-not-disturb': 'confirmed',
  occupied: 'confirmed',
  on: 'confirmed',
}

/**
 * The dialogs of a watched address (RFC 4235 §4). Always the full state, with exactly one dialog: some phones ignore a document without a
 * dialog, and one crashes at several. Its id stays from the first ringing to the end of a call (§4.1.2).
 */
export function dialogInfo({ version, lastCall, ...parts }: DialogInfoParts): string {
  const { entity, state } = parts
  const { word, call } = state
  const id = call?.id ?? lastCall ?? word
  const [attributes, sides] = word === 'ringing' && call ? ringing(parts, call.id) : ['', shownWord(parts)]
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<dialog-info xmlns="urn:ietf:params:xml:ns:dialog-info" version="${version}" state="full" entity="${xmlText(entity)}">`,
    `<dialog id="${xmlText(id)}"${attributes}>`,
    `<state>${dialogStates[word]}</state>`,
    ...sides,
    '</dialog>',
    '</dialog-info>',
    '',
  ].join('\r\n')
}

/** An INVITE with Replaces names the dialog of a call that rings (RFC 4235 §3.7.1, RFC 3891 §3). */
function ringing({ entity, state, name, domain }: DocumentParts, id: string): readonly [string, readonly string[]] {
  const caller = state.call?.caller
  const number = caller?.number ?? ''
  const remote = number === '' ? 'sip:anonymous@anonymous.invalid' : sipUri({ user: number, host: domain })
  const target = number === '' ? entity : remote
  const attributes = ` call-id="${pickUpCallId(name, id)}" local-tag="${xmlText(id)}" remote-tag="${pickUpTag}" direction="recipient"`
  return [
    attributes,
    [side('local', { uri: entity, display: '', target: entity }), side('remote', { uri: remote, display: caller?.name ?? '', target })],
  ]
}

/** Stands for the calls that ring for a user, at whatever node. */
function pickUpCallId(name: string, id: string): string {
  return xmlText(`pick-up-${name}-${id}`)
}

const pickUpTag = 'hotdesk'

interface Side {
  readonly uri: string
  readonly display: string
  readonly target: string
}

function side(name: 'local' | 'remote', { uri, display, target }: Side): string {
  const shown = display === '' ? '' : ` display="${xmlText(display)}"`
  return `<${name}><identity${shown}>${xmlText(uri)}</identity><target uri="${xmlText(target)}"/></${name}>`
}

/** Phones show it as the name of the other side. */
function shownWord({ entity, language, state: { word } }: DocumentParts): readonly string[] {
  const display = word === 'busy' ? undefined : words[language][word]
  return display === undefined ? [] : [side('remote', { uri: entity, display, target: entity })]
}
