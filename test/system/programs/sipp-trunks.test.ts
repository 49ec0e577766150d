import { createSocket } from 'node:dgram'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { freePort } from '../../support/net/free-port.js'
import {
  noCallIsLeft,
  openSippOffice,
  type Played,
  played,
  type SippDesk,
  type SippOffice,
  type SippPhone,
} from '../../support/programs/sipp-office.js'
import { received, story } from '../../support/programs/sipp-trace.js'

/** The site's lines, each with its own port, and with its own first digit outside: 01… leaves through `good`. */
const lines = [
  'help',
  'good',
  'guarded',
  'doubted',
  'busy',
  'refused',
  'closed',
  'silent',
  'next3',
  'next4',
  'next5',
  'next6',
  'inward',
] as const
type Line = (typeof lines)[number]

/** Takes what is sent to it, and that is all. */
const silent = createSocket('udp4')

let office: SippOffice
let ports: Readonly<Record<Line, number>>

beforeAll(async () => {
  const free: number[] = []
  while (free.length < lines.length) free.push(await freePort())
  ports = Object.fromEntries(lines.map((line, index) => [line, free[index]])) as Record<Line, number>
  await new Promise<void>((bound) => silent.bind(ports.silent, '127.0.0.1', bound))
  office = await openSippOffice({ desks: 20, dialplan: planWith(ports) })
}, 60_000)

afterAll(() => {
  silent.close()
  return office.close()
})

function planWith(at: Readonly<Record<Line, number>>): string {
  const trunk = (line: Line, transport: string, more = {}): object => ({
    uri: `sip:127.0.0.1:${at[line]};transport=${transport}`,
    from: ['127.0.0.1'],
    callerId: '+33199000000',
    ...more,
  })
  const route = (digit: number, ...trunks: Line[]): object => ({ match: `0${digit}.`, strip: 1, prepend: '+33', trunks })
  return JSON.stringify({
    site: 'paris',
    elin: '+33199000000',
    extensions: ['1XX'],
    outside: '0',
    emergency: { '112': '112', '911': '112' },
    trunks: {
      help: trunk('help', 'udp'),
      good: trunk('good', 'udp'),
      guarded: trunk('guarded', 'udp', { username: 'paris', password: 'carrier-pw' }),
      doubted: trunk('doubted', 'udp', { username: 'paris', password: 'carrier-pw' }),
      busy: trunk('busy', 'udp'),
      refused: trunk('refused', 'tcp'),
      closed: trunk('closed', 'udp'),
      silent: trunk('silent', 'udp'),
      next3: trunk('next3', 'udp'),
      next4: trunk('next4', 'udp'),
      next5: trunk('next5', 'udp'),
      next6: trunk('next6', 'udp'),
      inward: trunk('inward', 'udp'),
    },
    routes: [
      route(1, 'good'),
      route(2, 'guarded'),
      route(3, 'busy', 'next3'),
      route(4, 'refused', 'next4'),
      route(5, 'closed', 'next5'),
      route(6, 'silent', 'next6'),
      route(7, 'doubted'),
    ],
    dids: { '+331990001XX': '1XX' },
  })
}

const line = (name: Line): Promise<SippPhone> => office.outsider(name, ports[name])
const mobile = '"Jo" <sip:+33612345678@carrier.test>'

/** The line answers, then the phone dials. */
async function dialOut(desk: SippDesk, number: string, name: Line, answers = 'answer-until-hung-up', words = {}): Promise<Played> {
  const answering = (await line(name)).plays(answers, { words })
  await answering.ready
  return played(desk.plays('call-and-hang-up', { words: { number } }), answering)
}

describe.concurrent('a call to the outside', () => {
  it('leaves through the site’s trunk in the carrier’s format, as the user and not as the phone (RFC 3325 §9.1)', async () => {
    const desk = await office.desk()
    const { callee } = await dialOut(desk, '00147000001', 'good')
    const invite = received(callee, 'INVITE')
    const shown = `"User ${desk.extension}" <sip:+33199000${desk.extension}@127.0.0.1>`
    expect(invite.text).toMatch(new RegExp(`^INVITE sip:\\+33147000001@127\\.0\\.0\\.1:${ports.good}`))
    expect(invite.header('From').split(';')[0]).toBe(shown)
    expect(invite.header('P-Asserted-Identity')).toBe(shown)
    expect(invite.text).not.toContain(desk.device)
  })

  it('RFC 3261 §22.2: answers the carrier’s challenge with the trunk’s user name and password', async () => {
    const desk = await office.desk()
    const words = { username: 'paris', secret: 'carrier-pw' }
    const { caller, callee } = await dialOut(desk, '00247000001', 'guarded', 'answer-who-knows-the-password', words)
    expect(story(callee)).toBe('<INVITE >401 <ACK <INVITE >180 >200 <ACK <BYE >200')
    expect(story(caller)).toMatch(/<180 <200 >ACK >BYE <200$/)
  })

  it('is refused if the carrier has another password for the trunk', async () => {
    const desk = await office.desk()
    const asking = (await line('doubted')).plays('answer-who-knows-the-password', { words: { username: 'paris', secret: 'another' } })
    await asking.ready
    const refused = desk.plays('call-refused', { words: { number: '00747000001', status: 480 } })
    expect(story((await played(refused, asking)).callee)).toBe('<INVITE >401 <ACK <INVITE >403 <ACK')
  })

  it('uses the next trunk if the first responds 503', async () => {
    const desk = await office.desk()
    const full = (await line('busy')).plays('refuse-at-once', { words: { status: 503, reason: 'Service Unavailable' } })
    await full.ready
    const { callee } = await dialOut(desk, '00347000001', 'next3')
    expect(story(await full.messages)).toBe('<INVITE >503 <ACK')
    expect(received(callee, 'INVITE').text).toContain('sip:+33347000001@')
  })

  it.each([
    ['at once where nobody takes the connection', '00447000001', 'next4', 4_500],
    ['soon where the port is closed, as the system tells (ICMP)', '00547000001', 'next5', 4_500],
    ['after five seconds where nobody says anything', '00647000001', 'next6', 8_000],
  ] as const)('takes the next line when the first is down, %s', async (_, number, next, withinMs) => {
    const desk = await office.desk()
    const { caller, callee } = await dialOut(desk, number, next)
    const [asked] = caller.filter(({ kind }) => kind === 'INVITE').slice(-1)
    expect(received(callee, 'INVITE').at - (asked?.at ?? 0)).toBeLessThan(withinMs)
  })
})

describe('a call from the outside', () => {
  it('reaches the user whose number it is, wherever they sit, and shows who calls; its INVITE, doubled, is one call (RFC 3261 §17.2.3)', async () => {
    const desk = await office.desk()
    const answering = desk.plays('answer-until-hung-up')
    await answering.ready
    const words = { number: `+33199000${desk.extension}`, caller: mobile }
    const calling = (await line('inward')).plays('call-unchallenged-twice', { words, options: ['-nr'] })
    const { caller, callee } = await played(calling, answering)
    expect(story(caller)).toBe('>INVITE <100 <180 <200 >ACK >BYE <200')
    expect(story(callee)).toBe('<INVITE >180 >200 <ACK <BYE >200')
    expect(received(callee, 'INVITE').header('From')).toMatch(/^"?Jo"? <sip:\+33612345678@/)
  })

  it.each([
    ['a number that is nobody’s', '+33199000999'],
    ['a dial code', '*77*5*'],
    ['an emergency number', '112'],
    ['another number outside', '00147000001'],
  ])('for %s is refused with 404', async (_, number) => {
    const words = { number, caller: mobile, status: 404, header: 'Subject: a call' }
    await (await line('inward')).plays('call-unchallenged-in-vain', { words }).messages
  })
})

describe('an emergency call', () => {
  it('from an idle phone goes out at once, without a question, with the phone’s own number', async () => {
    const phone = await office.idle()
    const help = (await line('help')).plays('answer-until-hung-up')
    await help.ready
    const words = { number: '112', caller: `<sip:${phone.device}@hotdesk.test>` }
    const { caller, callee } = await played(phone.plays('call-unchallenged', { words }), help)
    expect(story(caller)).toBe('>INVITE <100 <180 <200 >ACK >BYE <200')
    expect(received(callee, 'INVITE').text).toMatch(/^INVITE sip:112@/)
    expect(received(callee, 'INVITE').header('From')).toContain(`<sip:${await elinOf(phone)}@`)
  })

  it('dialled as a visitor knows it, 0911, goes to the number of this site', async () => {
    const phone = await office.idle()
    const help = (await line('help')).plays('answer-until-hung-up')
    await help.ready
    const words = { number: '0911', caller: `<sip:${phone.device}@hotdesk.test>` }
    const { callee } = await played(phone.plays('call-unchallenged', { words }), help)
    expect(received(callee, 'INVITE').text).toMatch(/^INVITE sip:112@/)
  })

  it('from a phone that does not know its password any more goes out all the same', async () => {
    const phone = await office.unregistered()
    await phone.plays('register-refused', { words: { expires: 300, password: 'forgotten' } }).messages
    const help = (await line('help')).plays('answer-until-hung-up')
    await help.ready
    const words = { number: '112', password: 'forgotten' }
    const { caller } = await played(phone.plays('call-and-hang-up', { words }), help)
    expect(story(caller)).toBe('>INVITE <100 <407 >ACK >INVITE <100 <180 <200 >ACK >BYE <200')
  })

  it('from a stranger goes out at once, as the site’s', async () => {
    const stranger = await office.outsider('nobody')
    const help = (await line('help')).plays('answer-until-hung-up')
    await help.ready
    const words = { number: '112', caller: '<sip:100@hotdesk.test>' }
    const { caller, callee } = await played(stranger.plays('call-unchallenged', { words }), help)
    // A stranger over UDP gets no 100: it would be more bytes.
    expect(story(caller)).toMatch(/^>INVITE (<100 )?<180 <200 >ACK >BYE <200$/)
    expect(received(callee, 'INVITE').header('From')).toContain('<sip:+33199000000@')
  })

  it('RFC 7090: is called back on that phone, though nobody is logged in there', async () => {
    const phone = await office.idle()
    const help = (await line('help')).plays('answer-until-hung-up')
    await help.ready
    const words = { number: '112', caller: `<sip:${phone.device}@hotdesk.test>` }
    await played(phone.plays('call-unchallenged', { words }), help)
    const answering = phone.plays('answer-until-hung-up')
    await answering.ready
    const back = (await line('help')).plays('call-unchallenged', {
      words: { number: await elinOf(phone), caller: '<sip:112@carrier.test>' },
    })
    expect(story((await played(back, answering)).callee)).toBe('<INVITE >180 >200 <ACK <BYE >200')
  })
})

describe.concurrent('a stranger', () => {
  it.each([
    ['an extension', '100'],
    ['a number outside', '00147000001'],
    ['a login', '*77*100*'],
    ['a logout', '*77*5*'],
  ])('who dials %s is asked who they are (RFC 3261 §22.3), and no call comes of it', async (_, number) => {
    const stranger = await office.outsider('nobody')
    const words = { number, caller: '<sip:100@hotdesk.test>', status: 407, header: 'User-Agent: whoever' }
    const messages = await stranger.plays('call-unchallenged-in-vain', { words }).messages
    expect(callsOf(messages[0]?.header('Call-ID') ?? '')).toEqual([])
  })

  it('with the User-Agent of a scanner gets no response', async () => {
    const scanner = await office.outsider('nobody')
    const words = { number: '100', caller: '<sip:100@hotdesk.test>', status: 407, header: 'User-Agent: friendly-scanner' }
    const { messages } = scanner.plays('call-unchallenged-in-vain', { words, seconds: 1 })
    const failure = await messages.then(String, (fault: Error) => fault.message)
    expect(failure).toContain('scenario timed out')
    expect(failure).not.toContain('message received')
  })

  it('with a forged hop token is refused with 403', async () => {
    const mark = 'x'.repeat(43)
    const header = `X-Hotdesk-Passport: v=1;from=london-1;hops=0;t=${Math.floor(Date.now() / 1000)};mark=${mark}`
    const stranger = await office.outsider('nobody')
    const words = { number: '100', caller: '<sip:100@hotdesk.test>', status: 403, header }
    const messages = await stranger.plays('call-unchallenged-in-vain', { words }).messages
    expect(callsOf(messages[0]?.header('Call-ID') ?? '')).toEqual([])
  })

  it('with the name of a phone and a guessed password is asked again', async () => {
    const phone = await office.idle()
    const messages = await phone.plays('call-refused', { words: { number: '100', status: 407, password: 'guess' } }).messages
    expect(story(messages)).toBe('>INVITE <100 <407 >ACK >INVITE <100 <407 >ACK')
    expect(callsOf(messages[0]?.header('Call-ID') ?? '')).toEqual([])
  })
})

it('no call is left', () => noCallIsLeft(office.site))

/** Lines of the node's log that tell of a call with this Call-ID. */
function callsOf(callId: string): readonly string[] {
  expect(callId).not.toBe('')
  return office.site
    .output()
    .split('\n')
    .filter((text) => text.includes('"call.') && text.includes(callId))
}

function elinOf({ device }: SippPhone): Promise<string> {
  return office.redis.cli('HGET', `{hd}:device:${device}`, 'elin')
}
