import { parseExtension } from '../../base/identity.js'
import type { Site } from '../../directory/directory.js'
import type { StreamEntry } from '../../store/store.js'
import { dialledFor, type NamesNeeds, nameOfNumber, type Reader } from './dialable-numbers.js'
import { type PageLine, shortened } from './page.js'
import { pageWord } from './page-words.js'

export const callLists = ['missed', 'received', 'dialled'] as const
export type CallList = (typeof callLists)[number]

/** A call that somebody else has taken was not missed. */
export function listOf({ fields }: StreamEntry): CallList | null {
  if (fields.get('side') === 'out') return 'dialled'
  if (fields.get('talkSeconds') !== '0') return 'received'
  return fields.get('reason')?.startsWith('picked up by ') ? null : 'missed'
}

export interface CallLineNeeds extends NamesNeeds {
  readonly site: Pick<Site, 'timezone' | 'emergency'> | null
  readonly language: Parameters<typeof pageWord>[1]
}

/** A call of the log as a line: name or number, and when; the number calls back. */
export function callLine({ fields }: StreamEntry, reader: Reader, needs: CallLineNeeds): PageLine {
  const isOut = fields.get('side') === 'out'
  const shown = (isOut ? fields.get('dialled') : fields.get('caller')) ?? ''
  const other = isOut ? dialledParty(shown, reader, needs) : callingParty(shown, reader, needs)
  const name = other.name ?? (isOut ? null : fields.get('callerName') || null) ?? other.shown
  const when = timeText(fields.get('began') ?? '', needs)
  return { name: `${shortened(name, longestName)} ${when}`.trimEnd(), number: other.number }
}

/** Beside the time. */
const longestName = 26

interface Party {
  readonly name: string | null
  /** In place of a name. */
  readonly shown: string
  readonly number: string | null
}

/** Digits are dialled again as they are. An emergency number is not: a key that is pressed by mistake would call it. */
function dialledParty(digits: string, { user, plan }: Reader, { site, ...needs }: CallLineNeeds): Party {
  const isDigits = /^[+0-9*#]{1,32}$/.test(digits)
  const isEmergency = plan?.emergency(digits) !== null && plan !== null
  const route = plan?.route(digits)
  const e164 = route?.kind === 'outside' ? route.e164 : null
  const isHelp = isEmergency || (site?.emergency ?? []).includes(digits)
  return { name: nameOfNumber(digits, e164, user, needs), shown: digits, number: isDigits && !isHelp ? digits : null }
}

function callingParty(number: string, { user, plan }: Reader, { language, ...needs }: CallLineNeeds): Party {
  if (!/^\+?[0-9]{1,32}$/.test(number)) return { name: null, shown: pageWord('anonymous', language), number: null }
  const extension = parseExtension(number)
  const isUser = extension !== null && needs.directory.user(extension) !== null
  const e164 = isUser ? null : (plan?.numbers.e164(number) ?? null)
  return { name: nameOfNumber(number, e164, user, needs), shown: number, number: isUser ? number : dialledFor(number, plan) }
}

/** `29/11 14:05`, in the time zone of the site. */
function timeText(began: string, { site, language }: Pick<CallLineNeeds, 'site' | 'language'>): string {
  const at = Date.parse(began)
  if (Number.isNaN(at)) return ''
  const form = new Intl.DateTimeFormat(language === 'en' ? 'en-GB' : language, {
    day: '2-digit',
    month: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
    timeZone: site?.timezone ?? 'UTC',
  })
  const parts = new Map(form.formatToParts(at).map(({ type, value }) => [type, value]))
  return `${parts.get('day')}/${parts.get('month')} ${parts.get('hour')}:${parts.get('minute')}`
}
