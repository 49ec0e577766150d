import type { DialogName } from '../bridge/conversations.js'

/** A Replaces header (RFC 3891 §6.1). */
export interface Replaces {
  readonly dialog: DialogName
  /** Only an early dialog is to be replaced. */
  readonly isEarlyOnly: boolean
}

/** Null if it is malformed. */
export function parseReplaces(text: string): Replaces | null {
  const [callId = '', ...params] = text.split(';').map((part) => part.trim())
  const toTag = tagIn(params, 'to-tag')
  const fromTag = tagIn(params, 'from-tag')
  if (callId === '' || toTag === '' || fromTag === '') return null
  return { dialog: { callId, tags: [toTag, fromTag] }, isEarlyOnly: params.some((param) => param.toLowerCase() === 'early-only') }
}

function tagIn(params: readonly string[], name: string): string {
  const start = `${name}=`
  return params.find((param) => param.toLowerCase().startsWith(start))?.slice(start.length) ?? ''
}
