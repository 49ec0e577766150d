import type { Extension } from '../../base/identity.js'
import type { User } from '../../directory/directory.js'
import type { Store } from '../../store/store.js'

/** What a user has asked for, to be put into words. */
export type SpokenAnswer =
  | 'messages-none'
  | 'messages-unknown'
  | 'messages-waiting'
  | { readonly about: 'user'; readonly extension: Extension; readonly name: string }
  | { readonly about: 'messages'; readonly fresh: number; readonly old: number }

/** "Logged in at this phone: Anna Martin, extension 1 0 0." */
export function whoIsHere({ extension, name }: User): SpokenAnswer {
  return { about: 'user', extension, name }
}

/** As the voicemail server has reported it (RFC 3842): servers may leave out the numbers. */
export function messageCount({ extension }: User, { replica }: Pick<Store, 'replica'>): SpokenAnswer {
  const reported = replica.hash(`messages:${extension}`)
  if (!reported) return 'messages-unknown'
  const [fresh, old] = [reported.get('new'), reported.get('old')]
  if (fresh === undefined || old === undefined) return reported.get('waiting') === 'yes' ? 'messages-waiting' : 'messages-none'
  if (Number(fresh) + Number(old) === 0) return 'messages-none'
  return { about: 'messages', fresh: Number(fresh), old: Number(old) }
}
