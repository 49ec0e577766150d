import type { Clock } from '../base/clock.js'
import type { DeviceId } from '../base/identity.js'
import type { Logger } from '../base/logger.js'
import type { Metrics } from '../base/metrics.js'
import type { createPhoneTokens } from '../directory/directory.js'
import type { Access, AccessControl } from './access/access.js'
import type { HttpCaller } from './access/caller.js'
import type { Refusals } from './access/refusals.js'
import type { Enrolment } from './enrolment/enrolment.js'
import type { FetchBook } from './fetches.js'
import type { PhoneFiles } from './phone-files.js'
import type { PhonePages } from './request.js'

export interface WebRequest {
  readonly caller: HttpCaller
  /** Below `/p/`, decoded. */
  readonly path: string
  readonly query: URLSearchParams
  /** `If-None-Match`, or an empty text. */
  readonly ifNoneMatch: string
}

export interface WebAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

export interface AnswerNeeds {
  readonly access: AccessControl
  readonly refusals: Refusals
  readonly enrolment: Enrolment
  readonly files: PhoneFiles
  readonly pages: PhonePages
  readonly fetches: FetchBook
  readonly tokens: ReturnType<typeof createPhoneTokens>
  /** Without a path and without a `/` at the end. */
  readonly url: string
  readonly clock: Clock
  readonly log: Logger
  readonly metrics: Pick<Metrics, 'provisioningSeconds'>
}

type Proven = Extract<Access, { kind: 'phone' }>

const nothing = (status: number, headers: WebAnswer['headers'] = {}): WebAnswer => ({ status, headers, body: '' })

/** `w1Zc…/pages/central`: a segment of the user for whom the address was made, and the path of a page. */
interface AskedPage {
  readonly ofUser: string
  readonly path: string
}

function pageIn(path: string): AskedPage | null {
  const [ofUser = '', folder, ...rest] = path.split('/')
  return folder === 'pages' ? { ofUser, path: ['pages', ...rest].join('/') } : null
}

/** Answers requests of phones. */
export function createAnswers(needs: AnswerNeeds): (request: WebRequest) => Promise<WebAnswer> {
  const { access, refusals, enrolment, files, pages, fetches, tokens, url, clock, log, metrics } = needs

  async function answer(request: WebRequest): Promise<WebAnswer> {
    const { caller, path } = request
    const below = access.below(path)
    // Phones ask for files that only other systems have, and must not be asked for a password then.
    const asked = pageIn(below)
    if (!asked && !files.isKnown(below)) return nothing(404)
    const found = await access.judge({ caller, path, claimOf: (asked) => files.claimOf(asked, caller.userAgent) })
    if (found.kind === 'challenge') return nothing(401, { 'www-authenticate': found.value })
    if (found.kind === 'phone') return asked ? page(request, found.device, asked) : file(request, found)
    await refusals.note(found.reason, { ...found, address: caller.address })
    return nothing(403)
  }

  /** Null while Redis is lost and the phone has no token yet. */
  async function ownFolderOf(device: DeviceId): Promise<string | null> {
    const salt = await enrolment.saltOf(device)
    return salt === null ? null : `${url}/p/${tokens.print({ device, scope: 'phone' }, salt).reveal()}/`
  }

  /** Of the present user, so that the address is useless to the previous one. */
  async function pagesOf(device: DeviceId): Promise<{ readonly folder: string; readonly ofUser: string } | null> {
    const salt = await enrolment.saltOf(device)
    if (salt === null) return null
    const ofUser = tokens.pagesOf(pages.userAt(device) ?? '', device, salt)
    return { ofUser, folder: `${url}/p/${tokens.print({ device, scope: 'pages' }, salt).reveal()}/${ofUser}/` }
  }

  async function file({ caller, ifNoneMatch }: WebRequest, { device, scope, proof, path }: Proven): Promise<WebAnswer> {
    if (scope !== 'phone') return nothing(403)
    if (proof === 'code') await enrolment.activate(device, files.claimOf(path, caller.userAgent).mac)
    const own = proof === 'token' ? null : await ownFolderOf(device)
    const folders = { own, pages: (await pagesOf(device))?.folder ?? null }
    const made = files.make({ device, path, userAgent: caller.userAgent, folders })
    if (!made) return nothing(404)
    if (made.isWhole) {
      fetches.note(device, { epoch: made.epoch, agent: caller.userAgent, from: caller.address })
      if (proof === 'token') await enrolment.settled(device)
    }
    log.debug({ event: 'provisioning.served', device, proof, template: made.template }, `${device} has fetched its configuration`)
    const { etag } = made
    if (matches(ifNoneMatch, etag)) return nothing(304, { etag, 'cache-control': 'no-store' })
    return { status: 200, headers: { etag, 'content-type': made.contentType, 'cache-control': 'no-store' }, body: made.body }
  }

  async function page({ caller, query }: WebRequest, device: DeviceId, { path, ofUser }: AskedPage): Promise<WebAnswer> {
    const current = await pagesOf(device)
    const made =
      current &&
      (await pages.answer({
        device,
        path,
        query,
        userAgent: caller.userAgent,
        pagesBase: current.folder,
        isCurrent: ofUser === current.ofUser,
      }))
    if (!made) return nothing(404)
    return { status: made.status, headers: { 'content-type': made.contentType, 'cache-control': 'no-store' }, body: made.body }
  }

  return async (request) => {
    const began = clock.now()
    const answered = await answer(request)
    const outcome = outcomes[answered.status]
    if (outcome) metrics.provisioningSeconds.observe({ outcome }, (clock.now() - began) / 1_000)
    return answered
  }
}

const outcomes: Readonly<Record<number, string>> = { 200: 'served', 304: 'unchanged', 404: 'absent', 401: 'challenged' }

/** RFC 9110 §13.1.2: a list of tags, compared weakly, or `*`. */
function matches(ifNoneMatch: string, etag: string): boolean {
  const tags = ifNoneMatch.split(',').map((tag) => tag.trim().replace(/^W\//, ''))
  return tags.includes(etag) || tags.includes('*')
}
