import { newCallId, newTag } from '../../../src/sip/ids.js'
import { domain } from '../node/office.js'
import type { Change, Role, WorldCase } from './case-file.js'
import { changed, type Places } from './change.js'
import { acknowledgement, calleeSide, callerSide, requestWithin, responseTo, type Side, sampleOffer } from './dialog.js'
import { namedValues, readMessage, type WireMessage, writeMessage } from './message.js'
import type { Party } from './party.js'
import { type Scene, scenes } from './scenes.js'
import { type Cast, visitor, type WorldStage } from './stage.js'

/** What came of a case, besides the messages that the parties heard. */
export interface Played {
  readonly cast: Cast
  /** The final response to the first request, after a challenge of the node was answered. */
  readonly status: number
  /** The final responses in the dialog, by the step's message. */
  readonly statuses: ReadonlyMap<string, number>
  readonly faults: readonly string[]
}

interface Play {
  readonly one: WorldCase
  readonly stage: WorldStage
  readonly scene: Scene
  readonly cast: Cast
  readonly faults: string[]
  readonly statuses: Map<string, number>
  /** The side that has answered, or rings. */
  answering: Side | null
  /** The caller's last INVITE, as it went out and as it was without the change. */
  invite: { readonly sent: WireMessage; readonly plain: WireMessage } | null
  /** Steps before the answer are done. */
  early: Promise<void>
}

export async function playCase(one: WorldCase, stage: WorldStage): Promise<Played> {
  const scene: Scene = scenes[one.scene as keyof typeof scenes]
  const cast = stage.cast(one.scene, one.over)
  for (const party of stage.all) party.begin()
  const play: Play = { one, stage, scene, cast, faults: [], statuses: new Map(), answering: null, invite: null, early: Promise.resolve() }
  for (const party of new Set(Object.values(cast))) party.serve(responder(party, play))
  const final = await firstRequest(play)
  await play.early
  if (final.status < 300 && scene.method === 'INVITE') await inDialog(play, final)
  return { cast, status: final.status, statuses: play.statuses, faults: play.faults }
}

/** Sends a message with the case's change, and answers it as it went out. */
function send({ one, stage, cast }: Play, party: Party, text: string, key: Places = {}): WireMessage {
  const { name } = readMessage(text)
  const change: Change | undefined = one.change?.[name]
  const places = {
    node: stage.node.udp,
    domain,
    me: party.address,
    ...Object.fromEntries(Object.entries(cast).map(([role, { address }]) => [role, address])),
    ...key,
  }
  const sent = changed(text, change, places)
  party.send(sent)
  return readMessage(sent)
}

interface Final extends WireMessage {
  readonly side: Side
}

async function firstRequest(play: Play): Promise<Final> {
  const { scene, cast, one } = play
  const { caller } = cast
  const uri = requestUri(play)
  const to = scene.method === 'REGISTER' ? `sip:${caller.device}@${domain}` : uri
  const fields = caller.fields(scene.method, to, newCallId())
  const body = scene.method === 'INVITE' ? sampleOffer : ''
  const first = writeMessage(`${scene.method} ${uri} SIP/2.0`, fields, body)
  if (one.early) play.early = earlySteps(play)
  const answer = await exchange(play, caller, first)
  if (caller.device === '' || (answer.status !== 401 && answer.status !== 407)) return answer
  const again = fields.map(
    ([name, value]) => [name, name === 'Via' ? caller.via() : name === 'CSeq' ? `2 ${scene.method}` : value] as const,
  )
  const credentials = caller.answer(answer, { method: scene.method, uri, body })
  return exchange(play, caller, writeMessage(`${scene.method} ${uri} SIP/2.0`, [...again, credentials], body))
}

function requestUri({ scene, cast, one, stage }: Play): string {
  if (scene.method !== 'INVITE') return `sip:${domain}`
  const number = (one.dial ?? scene.dial ?? cast.callee.number).replaceAll('#', '%23')
  return `sip:${number}@${scene.from === 'trunk' ? stage.node.udp : domain}`
}

/** A request outside a dialog and its final response, which is acknowledged. */
async function exchange(play: Play, party: Party, text: string): Promise<Final> {
  const plain = readMessage(text)
  const sent = send(play, party, text)
  play.invite = { sent, plain }
  const cseq = plain.header('CSeq')
  const final = await party.response(`a final response to ${plain.name}`, (message) => {
    const isOurs = message.header('CSeq').replace(/ +/g, ' ') === cseq || message.header('CSeq') === sent.header('CSeq')
    return message.status >= 200 && isOurs
  })
  const side = callerSide(party, sent, final, plain)
  if (plain.method === 'INVITE') send(play, party, acknowledgement(side, sent, final))
  return { ...final, side }
}

/** Steps that take place while the callee rings. */
async function earlySteps(play: Play): Promise<void> {
  const { caller } = play.cast
  const ringing = await caller.response(
    'a provisional response',
    ({ status, header }) => status > 100 && status < 200 && header('To').includes(';tag='),
  )
  if (!play.invite) throw new Error('a provisional response came before the INVITE')
  const side = callerSide(caller, play.invite.sent, ringing, play.invite.plain)
  for (const step of play.one.early ?? []) await perform(play, step, side)
}

async function inDialog(play: Play, { side }: Final): Promise<void> {
  const { one, scene, cast } = play
  if (play.answering) await play.answering.party.request('ACK')
  if (one.scene === 'login') return logIn(play, side)
  for (const step of one.inCall ?? scene.inCall) await perform(play, step, side)
  const isEnded = (one.inCall ?? scene.inCall).some((step) => step.endsWith(' BYE'))
  for (const { party } of isEnded || !play.answering ? [] : [play.answering, { party: cast.caller }]) {
    if (party.heard.some(({ name }) => name === 'BYE')) play.faults.push(`the node has ended the call at ${party.number}`)
  }
}

/** One request of either side, its response, and for BYE its arrival at the other side. */
async function perform(play: Play, step: string, callerOwn: Side): Promise<void> {
  const [role, name = ''] = step.split(' ')
  const side = role === 'caller' ? callerOwn : play.answering
  if (!side) throw new Error(`${step}: nobody has answered`)
  if (side.party.heard.some((message) => message.name === 'BYE')) play.faults.push(`the node has ended the call before ${step}`)
  const method = name.replace('re-', '')
  side.cseq += 1
  const sent = send(play, side.party, method === 'CANCEL' ? cancelOf(play) : requestWithin(side, method))
  const final = await side.party.response(`a final response to ${name}`, (message) => message.method === method && message.status >= 200)
  if (method === 'INVITE') send(play, side.party, acknowledgement(side, sent, final))
  play.statuses.set(name, final.status)
  const other = role === 'caller' ? play.answering?.party : callerOwn.party
  if (!other || (method !== 'BYE' && method !== 'CANCEL')) return
  await other.request(method)
  if (challengesOf(other, play).includes(method)) await other.request(method)
}

/** RFC 3261 §9.1: Request-URI, Via, From, To and the number of CSeq are those of the INVITE. */
function cancelOf({ invite }: Play): string {
  const sent = invite?.sent
  if (!sent) throw new Error('there is no INVITE to cancel')
  const cseq = `${Number.parseInt(sent.header('CSeq'), 10)} CANCEL`
  const fields = [...namedValues(sent, 'Via', 'Max-Forwards', 'From', 'To', 'Call-ID'), ['CSeq', cseq] as const]
  return writeMessage(`CANCEL ${sent.startLine.split(' ')[1]} SIP/2.0`, fields)
}

async function logIn(play: Play, side: Side): Promise<void> {
  const { stage, cast, one } = play
  for (const digit of `${visitor.pin}#`) {
    side.cseq += 1
    send(play, cast.caller, requestWithin(side, 'INFO', [], `Signal=${digit}\r\nDuration=160\r\n`), keyPlaces(digit))
    await cast.caller.response('a response to INFO', ({ method, status }) => method === 'INFO' && status >= 200)
  }
  if (one.expect.login) await stage.office.settled(visitor.extension, cast.caller.device)
  side.cseq += 1
  send(play, cast.caller, requestWithin(side, 'BYE'))
  await cast.caller.response('a response to BYE', ({ method, status }) => method === 'BYE' && status >= 200)
  await stage.office.redis.cli('FCALL', 'hotdesk_logout', '1', '{hd}', cast.caller.device, 'now')
}

/** A key, and its event code (RFC 4733 §3.2) as a number and as a byte. */
function keyPlaces(key: string): Places {
  const code = '0123456789*#'.indexOf(key)
  return { key, 'key code': String(code), 'key byte': String.fromCharCode(code) }
}

/** Answers what arrives at a party: the first INVITE by the case's script, the rest with 200. */
function responder(party: Party, play: Play): (message: WireMessage) => void {
  const tag = newTag()
  const script = scriptOf(party, play)
  const challenged = challengesOf(party, play)
  let ringing: WireMessage | null = null
  const say = (request: WireMessage, status: number): WireMessage => send(play, party, responseTo(request, status, party, tag))

  async function ring(invite: WireMessage): Promise<void> {
    if (script.length === 0) play.faults.push(`an INVITE arrived at ${party.number} for which the case has no answer`)
    ringing = invite
    for (let status = script.shift() ?? 500; ; status = script.shift() ?? 500) {
      if (status >= 200) await play.early
      if (ringing !== invite) return
      const sent = say(invite, status)
      if (status > 100 && status < 300) play.answering = calleeSide(party, invite, readMessage(sent.text))
      if (status >= 200) return
    }
  }

  return (message) => {
    if (message.name === 'ACK') return
    if (message.name === 'INVITE') return void ring(message).catch((fault: unknown) => play.faults.push(String(fault)))
    const isChallenged = challenged.includes(message.name) && message.header('Proxy-Authorization') === ''
    say(message, isChallenged ? 407 : 200)
    if (message.name !== 'CANCEL' || !ringing) return
    const cancelled = ringing
    ringing = null
    say(cancelled, 487)
  }
}

function challengesOf(party: Party, { one, cast }: Play): readonly string[] {
  return party === cast.trunk ? (one.challenges ?? []) : []
}

function scriptOf(party: Party, { one, cast }: Play): number[] {
  const answers = one.answers ?? [180, 200]
  if (Array.isArray(answers)) return party === cast.callee ? [...answers] : [180, 200]
  const role = (Object.keys(answers) as Role[]).find((each) => cast[each] === party)
  return [...((role && answers[role]) ?? [180, 200])]
}
