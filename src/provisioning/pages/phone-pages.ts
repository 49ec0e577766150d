import { isAppError } from '../../base/errors.js'
import type { DeviceId } from '../../base/identity.js'
import type { Language } from '../../base/language.js'
import type { LivePlan } from '../../dialplan/dialplan.js'
import { type BookEntry, type BookOwner, type Contacts, createPhoneBook, type Directory } from '../../directory/directory.js'
import type { Hotdesk } from '../../hotdesk/hotdesk.js'
import { modelIn } from '../../phone-models/phone-models.js'
import type { Store, StreamEntry } from '../../store/store.js'
import type { PhoneAnswer, PhonePages, PhoneRequest } from '../request.js'
import { type CallLineNeeds, type CallList, callLine, callLists, listOf } from './call-lines.js'
import { dialledFor, type Reader } from './dialable-numbers.js'
import { pageFormats } from './formats/page-formats.js'
import { type Asked, countIn, type Page, type PageFormat, type PageLine, type PageLink, shortened } from './page.js'
import { type PageWord, pageWord } from './page-words.js'

export interface PhonePagesNeeds {
  readonly store: Pick<Store, 'replica' | 'recent'>
  readonly directory: Pick<Directory, 'device' | 'user' | 'users' | 'site'>
  readonly contacts: Pick<Contacts, 'of' | 'nameOf'>
  readonly hotdesk: Pick<Hotdesk, 'userOn'>
  readonly plan: LivePlan
}

const kinds = ['central', 'personal', 'calls'] as const
type Kind = (typeof kinds)[number]

/** The latest calls, of all three lists together. */
const mostCalls = 300

/** A request, and how its answer is written. */
interface Asking {
  readonly kind: Kind
  readonly asked: Asked
  readonly query: URLSearchParams
  readonly format: PageFormat
  readonly language: Language
  /** The address of this page without a query. */
  readonly url: string
}

/**
 * Phone books and the call log for the user who is logged in at the phone, or owns it, as the phones of each make read them. Without a user the
 * lists are empty, so that a phone that keeps the last answer keeps nothing of the previous user.
 */
export function createPhonePages(needs: PhonePagesNeeds): PhonePages {
  const { store, directory, hotdesk, plan } = needs
  const phoneBook = createPhoneBook(needs)

  function readerAt(id: DeviceId): Reader | null {
    const device = directory.device(id)
    // A logout that waits for the end of a call has taken effect for the display.
    const isDraining = store.replica.hash(`device:${id}`)?.get('state') === 'draining'
    const extension = isDraining ? null : (hotdesk.userOn(id) ?? device?.owner ?? null)
    const user = extension === null ? null : directory.user(extension)
    return device && user?.enabled ? { device, user, plan: plan.current.site === device.site ? plan.current : null } : null
  }

  function languageOf({ device: id }: PhoneRequest, reader: Reader | null): Language {
    const site = directory.device(id)?.site
    return reader?.user.language ?? (site === undefined ? null : directory.site(site)?.language) ?? 'en'
  }

  function bookPage(asking: Asking, owner: BookOwner, reader: Reader): Page {
    const entries = phoneBook.search(owner, asking.asked.text)
    const lineOf = ({ number, name, site }: BookEntry) => ({ name, number: site === null ? dialledFor(number, reader.plan) : number })
    return pageIn(asking, entries, lineOf)
  }

  /** Null: Redis does not answer. */
  async function callsIn(wanted: CallList | null, { user }: Reader): Promise<readonly StreamEntry[] | null> {
    try {
      const entries = await store.recent(`calls:${user.extension}`, mostCalls)
      return entries.filter((entry) => (wanted === null ? listOf(entry) !== null : listOf(entry) === wanted))
    } catch (fault) {
      if (isAppError(fault, 'STORE_UNAVAILABLE')) return null
      throw fault
    }
  }

  async function pageOf(asking: Asking, reader: Reader): Promise<Page> {
    const { kind, query, format, language, url } = asking
    if (kind !== 'calls') return bookPage(asking, kind === 'central' ? null : reader.user.extension, reader)
    const wanted = callLists.find((list) => list === query.get('list')) ?? null
    if (wanted === null && format.followsLinks)
      return {
        ...emptyPage(asking, 'calls'),
        links: callLists.map((list) => ({ label: pageWord(list, language), url: `${url}?list=${list}` })),
      }
    const calls = await callsIn(wanted, reader)
    if (calls === null) return emptyPage(asking, 'later')
    const ofLine: CallLineNeeds = { ...needs, language, site: directory.site(reader.device.site) }
    const page = pageIn(asking, calls, (entry) => callLine(entry, reader, ofLine))
    return { ...page, title: pageWord(wanted ?? 'calls', language) }
  }

  async function answer(request: PhoneRequest): Promise<PhoneAnswer | null> {
    const { path, query, userAgent, pagesBase, isCurrent } = request
    const kind = kindIn(path)
    if (kind === null) return null
    const reader = isCurrent ? readerAt(request.device) : null
    const language = languageOf(request, reader)
    const format = pageFormats[modelIn(userAgent, directory.device(request.device)?.model ?? null).make]
    const asking = { kind, asked: askedIn(query, format), query, format, language, url: `${pagesBase}pages/${kind}` }
    const page = reader ? await pageOf(asking, reader) : emptyPage(asking, 'nobody')
    const form = query.has('ask') && reader !== null ? format.printForm?.(page) : undefined
    return answerOf(format, form ?? format.print(page, query))
  }

  return { answer, userAt: (device) => readerAt(device)?.user.extension ?? null }
}

function answerOf({ contentType }: PageFormat, body: string): PhoneAnswer {
  return { status: 200, contentType, body }
}

/** Grandstream adds the name of the file. */
function kindIn(path: string): Kind | null {
  const [, name = ''] = /^pages\/([a-z]{1,10})(?:\/(?:gs_)?phonebook\.xml)?$/.exec(path) ?? []
  return kinds.find((kind) => kind === name) ?? null
}

/** Yealink puts the typed text in place of `#SEARCH`. */
function askedIn(query: URLSearchParams, { read, paging }: PageFormat): Asked {
  if (read) return read(query)
  // Only links of a menu name the end of a part. The lines of all others are counted, because each takes a look into the dial plan.
  const to = paging.kind === 'menu' && query.has('to') ? countIn(query, 'to') : null
  const text = Array.from(query.get('q') ?? '')
    .slice(0, longestText)
    .join('')
  return { text: text === '#SEARCH' ? '' : text, from: countIn(query, 'from'), to }
}

/** Links repeat the text, and an answer must not grow beyond what a phone reads. */
const longestText = 20

function emptyPage({ kind, language }: Asking, title: PageWord): Page {
  const nothing = { lines: [], links: [], previous: null, next: null, ask: null, search: null }
  return { ...nothing, title: pageWord(kind === 'calls' || title === 'nobody' ? title : kind, language), from: 0, total: 0, language }
}

/** The part of a list that an answer has room for. */
function pageIn<Item>(asking: Asking, all: readonly Item[], lineOf: (item: Item) => PageLine): Page {
  const { kind, asked, format, language, url } = asking
  const { paging } = format
  const from = Math.min(asked.from, all.length)
  const end = Math.min(asked.to ?? all.length, all.length)
  const isMenu = paging.kind === 'menu' && end - from > paging.lines
  const to = paging.kind === 'menu' || asked.to !== null ? end : Math.min(from + paging.lines, end)
  const isStep = paging.kind === 'steps' && asked.to === null
  const at = (position: number): string => addressOf(asking, position, null)
  const nameAt = (item: Item | undefined): string => (item === undefined ? '' : lineOf(item).name)
  return {
    title: pageWord(kind, language),
    lines: isMenu ? [] : all.slice(from, to).map(lineOf),
    links: isMenu ? partsOf(asking, (position) => nameAt(all[position]), { from, to: end, paging }) : [],
    previous: isStep && from > 0 ? at(Math.max(0, from - paging.lines)) : null,
    next: isStep && to < all.length ? at(to) : null,
    ask: kind === 'calls' || format.printForm === undefined ? null : `${url}?ask=1`,
    search: kind === 'calls' ? null : url,
    from,
    total: all.length,
    language,
  }
}

interface Span {
  readonly from: number
  readonly to: number
  readonly paging: { readonly lines: number; readonly links: number }
}

/** Links to equal parts, named by their first and last names. */
function partsOf(asking: Asking, nameAt: (position: number) => string, { from, to, paging }: Span): readonly PageLink[] {
  let size = paging.lines
  while (Math.ceil((to - from) / size) > paging.links) size *= paging.links
  const starts = Array.from({ length: Math.ceil((to - from) / size) }, (_, part) => from + part * size)
  return starts.map((start) => {
    const end = Math.min(start + size, to)
    const [first, last] = [start, end - 1].map((position) => shortened(nameAt(position), longestEnd))
    return { label: `${first} – ${last}`, url: addressOf(asking, start, end) }
  })
}

/** Of a part, whose label has two names. */
const longestEnd = 14

function addressOf({ asked, query, url }: Asking, from: number, to: number | null): string {
  const list = query.get('list')
  const parameters = new URLSearchParams({
    ...(asked.text === '' ? {} : { q: asked.text }),
    ...(callLists.some((name) => name === list) ? { list: list ?? '' } : {}),
    from: String(from),
    ...(to === null ? {} : { to: String(to) }),
  })
  return `${url}?${parameters.toString()}`
}
