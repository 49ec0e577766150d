import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { Secret } from '../../../src/base/secret.js'
import { hashPin } from '../../../src/hotdesk/hotdesk.js'
import { dtmfTones } from '../../support/media/dtmf-tones.js'
import { noCallIsLeft, openSippOffice, type SippOffice, type SippPhone } from '../../support/programs/sipp-office.js'
import { received, type SippMessage, story } from '../../support/programs/sipp-trace.js'

const pin = '4079'

let office: SippOffice

beforeAll(async () => {
  const pinHash = await hashPin(new Secret(pin))
  office = await openSippOffice({ desks: 20, user: () => ({ pinHash }) })
}, 60_000)

afterAll(() => office.close())

const anHour = { words: { expires: 3600 } }
const never = { words: { expires: 0 } }

describe.concurrent('*77*<extension>* and the PIN from a SIPp phone', () => {
  it('are refused when the PIN is wrong, and the phone stays idle', async () => {
    const phone = await office.idle()
    const words = { number: `*77*${userOf(phone)}*`, keys: '0000#0000#0000#' }
    await phone.plays('login-by-key-presses', { words, seconds: 40 }).messages
    expect(await occupant(phone)).toBe('')
  })

  it('typed as RFC 4733 key presses log the user in', async () => {
    const phone = await office.idle()
    const messages = await phone.plays('login-by-key-presses', { words: { number: `*77*${userOf(phone)}*`, keys: `${pin}#` } }).messages
    expect(received(messages, '200', 'INVITE').body).toMatch(/a=rtpmap:96 telephone-event\/8000/)
    expect(await occupant(phone)).toBe(userOf(phone))
  })

  it('typed in SIP INFO log the user in, in either form', async () => {
    const phone = await office.idle()
    const [key1, key2, key3, key4] = pin
    const words = { number: `*77*${userOf(phone)}*`, key1: `${key1}`, key2: `${key2}`, key3: `${key3}`, key4: `${key4}` }
    await phone.plays('login-by-info', { words }).messages
    expect(await occupant(phone)).toBe(userOf(phone))
  })

  it('typed as tones log the user in, from an adapter that sends only tones', async () => {
    const phone = await office.idle()
    const tones = join(office.redis.directory, 'tones.ul')
    await writeFile(tones, dtmfTones(`${pin}#`, { waitMs: 600, toneMs: 100, gapMs: 100 }))
    const messages = await phone.plays('login-by-tones', { words: { number: `*77*${userOf(phone)}*`, tones } }).messages
    expect(received(messages, '200', 'INVITE').body).not.toContain('telephone-event')
    expect(await occupant(phone)).toBe(userOf(phone))
  })

  it('RFC 3261 §19.1.4: may be dialled with escapes, %2A77%2A, as some phones do', async () => {
    const phone = await office.idle()
    const words = { number: `%2A77%2A${userOf(phone)}%2A`, keys: `${pin}#` }
    await phone.plays('login-by-key-presses', { words }).messages
    expect(await occupant(phone)).toBe(userOf(phone))
  })
})

describe.concurrent('a SIPp phone', () => {
  it.each(['udp', 'tcp'] as const)('RFC 3261 §10.3: registers over %s, and Redis knows where it is', async (protocol) => {
    const phone = await office.unregistered()
    const messages = await phone.plays('register', { protocol, ...anHour }).messages
    expect(received(messages, '200', 'REGISTER').headers('Contact')).toEqual([`<${contactOf(phone, protocol)}>;expires=3600`])
    const record = ['paris-1', contactOf(phone, protocol), `sip:127.0.0.1:${phone.port};transport=${protocol}`].join('\n')
    const read = (): Promise<string> => office.redis.cli('HMGET', `{hd}:reg:${phone.device}`, 'node', 'contact', 'flow')
    // It is written behind the answer: a phone does not wait for Redis.
    await vi.waitFor(async () => expect(await read()).toBe(record), 5_000)
  })

  it('RFC 3261 §10.2.4: that renews its registration has it once', async () => {
    const phone = await office.unregistered()
    await phone.plays('register', anHour).messages
    const again = await phone.plays('register', { words: { expires: 600 } }).messages
    expect(received(again, '200', 'REGISTER').headers('Contact')).toEqual([`<${contactOf(phone, 'udp')}>;expires=600`])
  })

  it('RFC 3261 §10.2.2: that removes its registration is gone, and a call to its user gets 480', async () => {
    const [alice, bob] = await Promise.all([office.desk(), office.desk()])
    const gone = await bob.plays('register', never).messages
    expect(received(gone, '200', 'REGISTER').headers('Contact')).toEqual([])
    const refused = await alice.plays('call-refused', { words: { number: bob.extension, status: 480 } }).messages
    expect(received(refused, '480', 'INVITE').text).toMatch(/^SIP\/2.0 480 Phone Not Reachable/)
  })

  it('RFC 8760 §2.3: is offered SHA-256 and MD5, and as it passes over neither, next time MD5 alone', async () => {
    const phone = await office.unregistered()
    const messages = await phone.plays('register', anHour).messages
    expect(messages.filter(({ kind }) => kind === '401').map(algorithmsIn)).toEqual([['SHA-256', 'MD5'], ['MD5']])
  })
})

describe.concurrent('whoever guesses', () => {
  it('RFC 3261 §22.4: is challenged again for a wrong password, and no registration is made', async () => {
    const phone = await office.unregistered()
    const messages = await phone.plays('register-refused', { words: { expires: 3600, password: 'wrong' } }).messages
    expect(story(messages)).toBe('>REGISTER <401 >REGISTER <401 >REGISTER <401')
    expect(await office.redis.cli('EXISTS', `{hd}:reg:${phone.device}`)).toBe('0')
  })

  it('cannot tell a wrong password from a device that does not exist', async () => {
    const [known, unknown] = await Promise.all([office.unregistered(), office.outsider('HD0999')])
    const words = { expires: 3600, password: 'wrong' }
    const answers = await Promise.all([known, unknown].map((phone) => phone.plays('register-refused', { words }).messages))
    const [toKnown, toUnknown] = answers.map((messages) => messages.filter(({ kind }) => kind === '401').map(withoutChance))
    expect(toKnown).toHaveLength(3)
    expect(toKnown).toEqual(toUnknown?.map((text) => text.replaceAll('HD0999', known.device)))
  })
})

const userOf = (phone: SippPhone): string => String(Number(phone.device.slice('HD'.length)))
const occupant = (phone: SippPhone): Promise<string> => office.redis.cli('HGET', '{hd}:devices', phone.device)

describe.concurrent('*77*5* from a SIPp phone', () => {
  it('logs out, is answered, speaks and ends by itself', async () => {
    const desk = await office.desk()
    const messages = await desk.plays('dial-code', { words: { number: '*77*5*' } }).messages
    expect(story(messages)).toBe('>INVITE <100 <407 >ACK >INVITE <100 <200 >ACK <BYE >200')
    expect(await occupant(desk)).toBe('')
  })
})

it('no call is left', () => noCallIsLeft(office.site))

function contactOf({ device, port }: { readonly device: string; readonly port: number }, protocol: string): string {
  return `sip:${device}@127.0.0.1:${port};transport=${protocol.toUpperCase()}`
}

function algorithmsIn(message: SippMessage): readonly string[] {
  return message.headers('WWW-Authenticate').map((line) => /algorithm=([\w-]+)/.exec(line)?.[1] ?? '')
}

/** What is different in any two answers: tags, Call-ID, branch, ports and nonce. */
function withoutChance({ text }: SippMessage): string {
  return text
    .replace(/(tag|nonce|branch|rport)="?[\w-]+"?/g, '$1=…')
    .replace(/^Call-ID:.*$/m, 'Call-ID: …')
    .replace(/127\.0\.0\.1:\d+/g, '127.0.0.1:…')
}
