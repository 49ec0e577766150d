import { type Extension, parseExtension } from '../../base/identity.js'
import type { DialogName } from '../bridge/conversations.js'

/** A Replaces header (RFC 3891 §6.1). */
export interface Replaces {
  readonly dialog: DialogName
  /** Only an early dialog is to be replaced. */
  readonly isEarlyOnly: boolean
}

/** Null if it is malformed. */
export function parseReplaces(text: string): Replaces | null {
  const { dialog, params } = parseDialogName(text, ['to-tag', 'from-tag'])
  return dialog && { dialog, isEarlyOnly: params.some((param) => param.toLowerCase() === 'early-only') }
}

/** Reads a Target-Dialog header (RFC 4538 §7). Null if it is malformed. */
export function parseTargetDialog(text: string): DialogName | null {
  return parseDialogName(text, ['local-tag', 'remote-tag']).dialog
}

interface NamedDialog {
  /** Null without a Call-ID or one of the tags. */
  readonly dialog: DialogName | null
  readonly params: readonly string[]
}

function parseDialogName(text: string, names: readonly [string, string]): NamedDialog {
  const [callId = '', ...params] = text.split(';').map((part) => part.trim())
  const [first, second] = names.map((name) => tagIn(params, name))
  return { dialog: callId === '' || !first || !second ? null : { callId, tags: [first, second] }, params }
}

function tagIn(params: readonly string[], name: string): string {
  const [, value = ''] =
    params.map((param) => param.split('=', 2).map((part) => part.trim())).find(([key = '']) => key.toLowerCase() === name) ?? []
  return value
}

/** Whose ringing call a lamp has named; null: it is not such a name. The lamps of all nodes name calls by their user: see `presence/documents/`. */
export function userOfLamp({ callId }: DialogName): Extension | null {
  return parseExtension(/^pick-up-([0-9]{1,15})-[0-9a-z-]{1,40}$/.exec(callId)?.[1] ?? '')
}
