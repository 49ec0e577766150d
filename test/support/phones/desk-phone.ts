import { Secret } from '../../../src/base/secret.js'
import type { Settings } from '../../../src/provisioning/formats/format.js'
import { makers } from '../../../src/provisioning/makers/makers.js'
import { problemsIn } from '../../../src/provisioning/rendering/templates.js'
import { isRightResponse, parseCredentials, printChallenge } from '../../../src/sip/auth/digest.js'
import { newTag } from '../../../src/sip/ids.js'
import type { SipMessage, SipRequest } from '../../../src/sip/message/message.js'
import { createRawPhone, type RawPhone } from '../sip/raw-phone.js'
import { inDialog, offer, openUdpPeer, type SipPeer } from '../sip/sip-peer.js'
import { type KeyOnPhone, keysOnPhone, type LampState } from './keys-on-phone.js'
import type { Habits } from './phone-habits.js'

/** A desk phone as its maker builds it: all that it knows it has from the files that it fetches. */
export interface DeskPhone {
  readonly peer: SipPeer
  /** What stands on its display. */
  readonly shows: string
  readonly keys: readonly KeyOnPhone[]
  /** `0015651a2b3c.cfg 200` of every file that it has asked for. */
  readonly asked: readonly string[]
  /** After power is on: fetches its files, registers, and subscribes to what its lamp keys watch. */
  boot(): Promise<void>
  /** Takes the next check-sync, with a challenge if that is its habit, and fetches what it says. */
  refreshed(): Promise<void>
  /** Asks for its configuration once more, as phones do from time to time. */
  poll(): Promise<void>
  /** What the phone dials when somebody presses the key while its lamp is in that state. */
  press(position: number, lamp: LampState): RawCallOf
  dial(number: string): RawCallOf
  /** Dials the login code, and types the PIN when the node has answered. */
  logIn(extension: string, pin: string): Promise<void>
  /** Resolves when the lamp of the key is in that state, which the node reports by a NOTIFY. */
  lamp(position: number, state: LampState): Promise<void>
  /** Reads that directory by the address in its configuration. Null: it has none. */
  directory(which?: 'central' | 'personal'): Promise<string | null>
  close(): Promise<void>
}

type RawCallOf = ReturnType<RawPhone['dial']>['final']

export interface DeskPhoneParts {
  readonly habits: Habits
  /** From which the phone fetches everything; ends with `/`. */
  readonly folder: string
  readonly domain: string
  /** Where the node listens, for the phone's socket. */
  readonly port: number
}

/** Check-sync without credentials, of a phone that challenges: `refreshed` answers it. */
const isRefresh = (request: SipRequest): boolean => /^(?:check-sync|resync)/.test(request.first('Event') ?? '')

export async function createDeskPhone({ habits, folder, domain, port }: DeskPhoneParts): Promise<DeskPhone> {
  const maker = makers.find(({ family }) => family === habits.family)
  if (!maker) throw new RangeError(`no maker ${habits.family}`)
  const file = maker.files.find(({ pattern }) => pattern.test(habits.main)) ?? maker.files[0]
  let settings: Settings = new Map()
  let etag: string | null = null
  let phone: RawPhone | null = null
  const asked: string[] = []
  const challenged = new Set<string>()

  const peer = await openUdpPeer({ port }, (request) => {
    if (request.method === 'NOTIFY' && isRefresh(request))
      return !habits.challenges(settings) || request.first('Authorization') !== undefined
    // A call that is picked up is joined to its caller by a re-INVITE.
    if (request.method === 'INVITE' && request.to.tag) peer.respond(request, 200, [], offer)
    return ['NOTIFY', 'BYE', 'OPTIONS', 'CANCEL'].includes(request.method)
  })

  const account = () => habits.account(settings)
  const keys = () => (habits.family === 'gigaset-n' ? [] : keysOnPhone(habits.family, settings))

  async function fetchFile(name: string): Promise<void> {
    const conditional = habits.isConditional && etag !== null && name === habits.main
    const headers = { 'User-Agent': habits.webAgent, ...(conditional ? { 'If-None-Match': etag ?? '' } : {}) }
    const response = await fetch(`${folder}${name}`, { headers })
    const body = await response.text()
    asked.push(`${name} ${response.status}`)
    if (name !== habits.main || response.status === 304) return
    if (response.status !== 200 || !file) throw new Error(`${name}: ${response.status} ${body}`)
    const problems = problemsIn(body, file)
    if (problems.length > 0) throw new Error(`${name} cannot be read: ${problems.join('; ')}`)
    settings = file.format.read(body).settings
    etag = response.headers.get('etag')
  }

  async function fetchAll(): Promise<void> {
    for (const name of habits.files) await fetchFile(name)
  }

  function raw(): RawPhone {
    if (!phone) throw new Error('the phone has not booted')
    return phone
  }

  async function subscribe(watched: string): Promise<void> {
    const headers = [
      ['Event', 'dialog'],
      ['Accept', 'application/dialog-info+xml'],
      ['Expires', '1800'],
      ['User-Agent', habits.sipAgent],
    ] as const
    const first = peer.request({ method: 'SUBSCRIBE', to: `sip:${watched}@${domain}`, headers })
    first.set('From', `<sip:${account().user}@${domain}>;tag=${newTag()}`)
    peer.send(first)
    const answer = await responseTo(first)
    if (answer.status !== 407 && answer.status !== 401) return
    const again = raw().authorized(first, answer)
    for (const [name, value] of headers) again.set(name, value)
    peer.send(again)
    await responseTo(again)
  }

  async function responseTo({ callId, cseq }: SipRequest) {
    const heard = await peer.hears(
      `a response to ${cseq.method} ${callId}`,
      (message) => message.kind === 'response' && message.status >= 200 && message.callId === callId && message.cseq.number === cseq.number,
    )
    if (heard.kind === 'request') throw new Error('a request is no response')
    return heard
  }

  async function subscribeAll(): Promise<void> {
    for (const watched of new Set(keys().flatMap(({ watches }) => watches ?? []))) await subscribe(watched)
  }

  /** RFC 3261 §22.2: the phone is the server here, and the node has the credentials. */
  async function challenge(): Promise<void> {
    const notify = await nextRefresh((request) => request.first('Authorization') === undefined)
    const nonce = newTag()
    const asks = printChallenge({ realm: 'phone', nonce, algorithm: 'MD5', qop: ['auth'], opaque: null, stale: false })
    peer.respond(notify, 401, [['WWW-Authenticate', asks]])
    challenged.add(nonce)
    const proven = await nextRefresh((request) => request.first('Authorization') !== undefined)
    const credentials = parseCredentials(proven.first('Authorization') ?? '')
    const input = { password: new Secret(account().password), method: 'NOTIFY', body: proven.body }
    if (
      !credentials ||
      !challenged.has(credentials.nonce) ||
      credentials.username !== account().user ||
      !isRightResponse(credentials, input)
    )
      throw new Error('the NOTIFY does not prove who sends it')
  }

  async function nextRefresh(fits: (request: SipRequest) => boolean): Promise<SipRequest> {
    const isIt = (message: SipMessage): boolean =>
      message.kind === 'request' && message.method === 'NOTIFY' && isRefresh(message) && fits(message)
    return (await peer.hears('check-sync', isIt)) as SipRequest
  }

  return {
    peer,
    get shows() {
      return account().label
    },
    get keys() {
      return keys()
    },
    asked,
    async boot() {
      etag = null
      await fetchAll()
      const { user, password, host } = account()
      if (host !== '127.0.0.1') throw new Error(`the phone is to register at ${host}`)
      phone = createRawPhone({ peer, device: user, password: new Secret(password), domain })
      await phone.register(`<${peer.uri}>`, { headers: [['User-Agent', habits.sipAgent]] })
      await subscribeAll()
    },
    async refreshed() {
      if (habits.challenges(settings)) await challenge()
      else await nextRefresh(() => true)
      await fetchFile(habits.main)
      await subscribeAll()
    },
    poll: () => fetchFile(habits.main),
    press(position, lamp) {
      const number = keys()[position]?.dials(lamp) ?? null
      if (number === null) throw new Error(`key ${position} dials nothing`)
      return raw().dial(number).final
    },
    dial: (number) => raw().dial(number).final,
    async logIn(extension, pin) {
      const { invite, answer } = await raw().dial(`*77*${extension}*`).final
      if (answer.status !== 200) throw new Error(`the login code was refused: ${answer.status}`)
      let cseq = invite.cseq.number
      for (const digit of `${pin}#`) {
        cseq += 1
        const headers = [['Content-Type', 'application/dtmf-relay']] as const
        const info = peer.request(inDialog(invite, answer, { method: 'INFO', cseq, headers }))
        info.body = Buffer.from(`Signal=${digit}\r\nDuration=160\r\n`)
        peer.send(info)
        await responseTo(info)
      }
      await peer.hears('BYE', (message) => message.kind === 'request' && message.method === 'BYE' && message.callId === invite.callId)
    },
    async lamp(position, state) {
      const watched = keys()[position]?.watches ?? ''
      await peer.hears(`${watched} ${state}`, (message) => lampIn(message, watched) === state)
    },
    async directory(which = 'central') {
      const url = Array.from(settings.values())
        .flat()
        .flatMap((value) => value.match(/https?:[^ ;,"]+/g) ?? [])
        .find((address) => address.includes(which))
      if (url === undefined) return null
      // The node of a test has a port that its settings do not name.
      const { pathname, search } = new URL(url)
      const response = await fetch(new URL(`${pathname}${search}`, folder), { headers: { 'User-Agent': habits.webAgent } })
      if (response.status !== 200) throw new Error(`${url}: ${response.status}`)
      return response.text()
    },
    close: () => peer.close(),
  }
}

/** The state of the one dialog that a document about that address has; null for other messages. */
function lampIn(message: SipMessage, watched: string): string | null {
  if (message.kind !== 'request' || message.method !== 'NOTIFY' || !message.first('Event')?.startsWith('dialog')) return null
  const text = message.body.toString()
  const entity = /entity="sip:([^@"]+)@/.exec(text)?.[1]
  return entity === watched ? (/<state[^>]*>([a-z]+)<\/state>/.exec(text)?.[1] ?? null) : null
}
