import type { Replica } from '../../store/store.js'

/** Voice messages of a user, as the voicemail server reported them. */
interface WaitingMessages {
  readonly waiting: boolean
  /** Null if the voicemail server gives no numbers. */
  readonly new: number | null
  readonly old: number | null
}

/** Null if the voicemail server never reported any. */
export function messagesOf(extension: string, replica: Pick<Replica, 'hash'>): WaitingMessages | null {
  const hash = replica.hash(`messages:${extension}`)
  const count = (name: string): number | null => (/^[0-9]{1,6}$/.test(hash?.get(name) ?? '') ? Number(hash?.get(name)) : null)
  return hash === undefined ? null : { waiting: hash.get('waiting') === 'yes', new: count('new'), old: count('old') }
}

/** `2 new, 1 old`; `''` if none were reported. */
export function messagesText(messages: WaitingMessages | null): string {
  if (messages === null) return ''
  return messages.new === null ? (messages.waiting ? 'waiting' : 'none waiting') : `${messages.new} new, ${messages.old ?? 0} old`
}
