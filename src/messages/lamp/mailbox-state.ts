import type { DeviceId, Extension } from '../../base/identity.js'
import type { Directory } from '../../directory/directory.js'
import type { Hotdesk } from '../../hotdesk/hotdesk.js'
import type { Store } from '../../store/store.js'

export interface MailboxStateNeeds {
  readonly directory: Pick<Directory, 'device' | 'user' | 'site'>
  readonly hotdesk: Pick<Hotdesk, 'userOn'>
  readonly store: Pick<Store, 'replica'>
  /** The SIP domain. */
  readonly domain: string
}

/** The messages of the users who sit at phones. */
export interface MailboxState {
  /** The user who is logged in, else the owner. */
  userAt(device: DeviceId): Extension | null
  /** The body of a NOTIFY to this phone. */
  summaryFor(device: DeviceId): string
  /** A voicemail server has reported about this user's mailbox. */
  isKnown(extension: Extension | null): boolean
}

export const summaryType = 'application/simple-message-summary'

export const messagesPrefix = 'messages:'

/** Where the state of a user's mailbox is kept. */
export function messagesKey(extension: Extension): string {
  return `${messagesPrefix}${extension}`
}

export function createMailboxState({ directory, hotdesk, store, domain }: MailboxStateNeeds): MailboxState {
  function userAt(device: DeviceId): Extension | null {
    return hotdesk.userOn(device) ?? directory.device(device)?.owner ?? null
  }

  /** Null: the user has no voicemail, or nobody sits there. */
  function mailboxAt(device: DeviceId): ReadonlyMap<string, string> | null {
    const extension = userAt(device)
    const user = extension && directory.user(extension)
    if (!user?.enabled || user.voicemail === 'none') return null
    return store.replica.hash(messagesKey(user.extension)) ?? null
  }

  /** Where the phone hears messages; null if the site has no code for it. */
  function numberAt(device: DeviceId): string | null {
    const site = directory.device(device)?.site
    return (site && directory.site(site)?.codes.named.get('voicemail')) ?? null
  }

  return {
    userAt,
    summaryFor(device) {
      const mailbox = mailboxAt(device)
      return writeSummary(mailbox ?? new Map(), { number: numberAt(device), domain })
    },
    isKnown: (extension) => extension !== null && store.replica.hash(messagesKey(extension)) !== undefined,
  }
}

/**
 * RFC 3842 §5.2. Without a mailbox nothing waits: the lamp of the previous user goes out. A server that gives no numbers is reported without any.
 */
function writeSummary(
  mailbox: ReadonlyMap<string, string>,
  { number, domain }: { readonly number: string | null; readonly domain: string },
): string {
  const isWaiting = mailbox.get('waiting') === 'yes'
  const fresh = mailbox.get('new') ?? (isWaiting ? null : '0')
  const lines = [
    `Messages-Waiting: ${isWaiting ? 'yes' : 'no'}`,
    ...(number === null ? [] : [`Message-Account: sip:${number.replaceAll('#', '%23')}@${domain}`]),
    ...(fresh === null ? [] : [`Voice-Message: ${fresh}/${mailbox.get('old') ?? '0'} (0/0)`]),
  ]
  return `${lines.join('\r\n')}\r\n`
}
