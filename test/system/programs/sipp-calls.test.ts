import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { call, noCallIsLeft, openSippOffice, played, type SippDesk, type SippOffice } from '../../support/programs/sipp-office.js'
import { received, type SippMessage, story } from '../../support/programs/sipp-trace.js'

/** Ringing this long is long enough for a phone that answers by itself. */
const ringSeconds = 4

let office: SippOffice

beforeAll(async () => {
  office = await openSippOffice({ desks: 64, user: () => ({ ringSeconds }) })
}, 60_000)

afterAll(() => office.close())

const times = (messages: readonly SippMessage[], direction: string, kind: string, method = kind): readonly number[] =>
  messages.filter((one) => one.direction === direction && one.kind === kind && one.method === method).map(({ at }) => at)

const two = (): Promise<[SippDesk, SippDesk]> => Promise.all([office.desk(), office.desk()])

describe.concurrent('on a bad network', () => {
  it('RFC 3261 §17.2.2: a BYE that comes twice ends the call once and is answered twice', async () => {
    const [alice, bob] = await two()
    const answering = bob.plays('answer-until-hung-up')
    await answering.ready
    const calling = alice.plays('call-with-everything-twice', { words: { number: bob.extension }, options: ['-nr'] })
    const { caller, callee } = await played(calling, answering)
    expect(times(caller, 'sent', 'BYE')).toHaveLength(2)
    expect(times(caller, 'received', '200', 'BYE')).toHaveLength(2)
    expect([times(callee, 'received', 'BYE').length, times(callee, 'received', 'ACK').length]).toEqual([1, 1])
  })

  it('RFC 3261 §13.3.1.4: a 200 comes again after T1 and 2·T1 until the ACK, and then no more', async () => {
    const [alice, bob] = await two()
    const { caller } = await call(alice, 'call-with-late-ack', bob, 'answer-until-hung-up')
    const answers = times(caller, 'received', '200', 'INVITE')
    expect(answers).toHaveLength(3)
    // A busy machine reads the first one late, and the others as well.
    const [first = 0, , third = 0] = answers
    expect(third - first).toBeGreaterThan(900)
    expect(third - first).toBeLessThan(2_200)
  })

  it('RFC 3261 §13.3.1.4: a call whose ACK never comes ends with a BYE to both sides after 64·T1', async () => {
    const [alice, bob] = await two()
    const answering = bob.plays('answer-until-hung-up', { seconds: 50 })
    await answering.ready
    const caller = await alice.plays('call-without-ack', { seconds: 50, words: { number: bob.extension } }).messages
    const [answered] = times(caller, 'received', '200', 'INVITE')
    const waited = received(caller, 'BYE').at - (answered ?? 0)
    expect(waited).toBeGreaterThan(31_000)
    expect(waited).toBeLessThan(35_000)
    expect(story(await answering.messages)).toBe('<INVITE >180 >200 <ACK <BYE >200')
  })

  it('RFC 3261 §13.2.2.4: a 200 of the callee that comes again is acknowledged again', async () => {
    const [alice, bob] = await two()
    const answering = bob.plays('answer-twice', { options: ['-nr'] })
    await answering.ready
    const { callee } = await played(alice.plays('call-and-hang-up', { words: { number: bob.extension } }), answering)
    expect(times(callee, 'sent', '200', 'INVITE')).toHaveLength(2)
    expect(times(callee, 'received', 'ACK')).toHaveLength(2)
  })

  it('RFC 3261 §17.1.1.2: an INVITE that the callee does not answer comes again until it does, and is one call to it', async () => {
    const [alice, bob] = await two()
    const { callee } = await call(alice, 'call-and-hang-up', bob, 'answer-late')
    expect(times(callee, 'received', 'INVITE').length).toBeGreaterThan(1)
    expect(story(callee)).toBe('<INVITE >180 >200 <ACK <BYE >200')
  })
})

describe.concurrent('a call between two SIPp phones', () => {
  it('RFC 3261 §13, §15: rings, is answered, and ends with the BYE of the caller', async () => {
    const [alice, bob] = await two()
    const { caller, callee } = await call(alice, 'call-and-hang-up', bob, 'answer-until-hung-up')
    expect(story(caller)).toBe('>INVITE <100 <407 >ACK >INVITE <100 <180 <200 >ACK >BYE <200')
    expect(story(callee)).toBe('<INVITE >180 >200 <ACK <BYE >200')
  })

  it('RFC 3261 §15.1.2: ends with the BYE of the callee, whose Reason reaches the caller (RFC 3326)', async () => {
    const [alice, bob] = await two()
    const { caller, callee } = await call(alice, 'call-until-hung-up', bob, 'answer-and-hang-up')
    expect(story(callee)).toBe('<INVITE >180 >200 <ACK >BYE <200')
    expect(received(caller, 'BYE').header('Reason')).toBe('Q.850;cause=16;text="Normal call clearing"')
  })

  it('RFC 3325 §9.1: shows the user who calls, by name and number, and never the phone', async () => {
    const [alice, bob] = await two()
    const { callee } = await call(alice, 'call-and-hang-up', bob, 'answer-until-hung-up')
    const invite = received(callee, 'INVITE')
    const identity = `"User ${alice.extension}" <sip:${alice.extension}@hotdesk.test>`
    expect(invite.header('P-Asserted-Identity')).toBe(identity)
    expect(invite.header('From')).toMatch(new RegExp(`^${identity};tag=`))
    expect(invite.text).not.toContain(alice.device)
  })

  it('RFC 3264: takes offer and answer from one phone to the other as they are', async () => {
    const [alice, bob] = await two()
    const { caller, callee } = await call(alice, 'call-and-hang-up', bob, 'answer-until-hung-up')
    const sent = (messages: typeof caller, kind: string): string | undefined =>
      messages.findLast((one) => one.direction === 'sent' && one.kind === kind && one.body)?.body
    expect(received(callee, 'INVITE').body).toBe(sent(caller, 'INVITE'))
    expect(received(caller, '200', 'INVITE').body).toBe(sent(callee, '200'))
  })

  it('RFC 3261 §16.6 step 3: takes one from Max-Forwards', async () => {
    const [alice, bob] = await two()
    const { callee } = await call(alice, 'call-and-hang-up', bob, 'answer-until-hung-up')
    expect(received(callee, 'INVITE').header('Max-Forwards')).toBe('69')
  })

  it('RFC 3261 §9: given up while it rings, reaches the callee as CANCEL with its Reason, and the caller gets 487', async () => {
    const [alice, bob] = await two()
    const { caller, callee } = await call(alice, 'call-and-give-up', bob, 'ring-until-cancelled')
    expect(story(caller)).toMatch(/<180 >CANCEL <200 <487 >ACK$/)
    expect(story(callee)).toBe('<INVITE >180 <CANCEL >200 >487 <ACK')
    expect(received(callee, 'CANCEL').header('Reason')).toBe('SIP;cause=200;text="Call completed elsewhere"')
  })

  it.each([
    [486, 'Busy Here'],
    [488, 'Not Acceptable Here'],
    [603, 'Decline'],
  ])('that the callee refuses with %i is refused so to the caller', async (status, reason) => {
    const [alice, bob] = await two()
    const { caller } = await call(alice, 'call-refused', bob, 'refuse', { status, reason })
    expect(received(caller, String(status), 'INVITE').text).toMatch(new RegExp(`^SIP/2.0 ${status} ${reason}`))
  })

  it('at a phone that fails (500) is reported as not reachable: a 5xx would make the caller try another node', async () => {
    const [alice, bob] = await two()
    const failing = bob.plays('refuse', { words: { status: 500, reason: 'Server Internal Error' } })
    await failing.ready
    const { caller } = await played(alice.plays('call-refused', { words: { number: bob.extension, status: 480 } }), failing)
    expect(received(caller, '480', 'INVITE').text).toMatch(/^SIP\/2.0 480 Phone Not Reachable/)
  })

  it('that nobody answers ends after the user’s ring time: CANCEL to the phone, 480 to the caller', async () => {
    const [alice, bob] = await two()
    const { caller, callee } = await call(alice, 'call-refused', bob, 'ring-until-cancelled', { status: 480 })
    const [ringing, cancelled] = [received(callee, 'INVITE'), received(callee, 'CANCEL')]
    expect(cancelled.at - ringing.at).toBeGreaterThan(ringSeconds * 1000 - 100)
    expect(cancelled.header('Reason')).toBe('SIP;cause=480;text="No answer"')
    expect(received(caller, '480', 'INVITE').text).toMatch(/^SIP\/2.0 480 No Answer/)
  })

  it('may be answered without having rung', async () => {
    const [alice, bob] = await two()
    const { caller } = await call(alice, 'call-answered-at-once', bob, 'answer-at-once')
    expect(story(caller)).toBe('>INVITE <100 <407 >ACK >INVITE <100 <200 >ACK >BYE <200')
  })

  it('RFC 3261 §13.2.1: brings the callee’s early media to the caller', async () => {
    const [alice, bob] = await two()
    const { caller, callee } = await call(alice, 'call-with-early-media', bob, 'answer-after-early-media')
    const sent = callee.find(({ kind, direction }) => kind === '183' && direction === 'sent')
    expect(received(caller, '183', 'INVITE').body).toBe(sent?.body)
  })

  it('RFC 5589 §6.1: is transferred blindly; headers in the Refer-To are dropped, and Referred-By names who has transferred it', async () => {
    const [bob, alice, carol] = [await office.desk(), await office.desk(), await office.desk()]
    const [transferred, target] = [alice.plays('answer-and-be-transferred'), carol.plays('answer-with-offer')]
    await Promise.all([transferred.ready, target.ready])
    const words = { number: alice.extension, target: carol.extension, final: 200 }
    const { caller, callee } = await played(bob.plays('call-and-transfer', { words }), transferred)
    const reports = caller.filter(({ direction, kind }) => direction === 'received' && kind === 'NOTIFY').map(({ body }) => body.trim())
    expect([reports[0], reports.at(-1)]).toEqual(['SIP/2.0 100 Trying', 'SIP/2.0 200 OK'])
    expect(story(callee)).toBe('<INVITE >180 >200 <ACK <INVITE >200 <ACK >BYE <200')
    const messages = await target.messages
    expect(story(messages)).toBe('<INVITE >180 >200 <ACK <BYE >200')
    const invite = received(messages, 'INVITE')
    expect(invite.header('Referred-By')).toBe(`<sip:${bob.extension}@hotdesk.test>`)
    expect(invite.header('P-Asserted-Identity')).toContain(`<sip:${alice.extension}@hotdesk.test>`)
    expect([invite.header('Route'), invite.header('Subject')]).toEqual(['', ''])
  })

  it('RFC 5589 §6.3.1: goes on if the target of its transfer is busy', async () => {
    const [bob, alice, carol] = [await office.desk(), await office.desk(), await office.desk()]
    const [other, target] = [alice.plays('answer-until-hung-up'), carol.plays('refuse', { words: { status: 486, reason: 'Busy Here' } })]
    await Promise.all([other.ready, target.ready])
    const words = { number: alice.extension, target: carol.extension, final: 486 }
    const { callee } = await played(bob.plays('call-and-transfer', { words }), other)
    expect(story(callee)).toBe('<INVITE >180 >200 <ACK <BYE >200')
  })

  it('RFC 3264 §8.4: is put on hold and taken back by re-INVITE, which the other phone answers', async () => {
    const [alice, bob] = await two()
    const { caller } = await call(alice, 'call-and-hold', bob, 'answer-and-be-held')
    const directions = caller
      .filter(({ direction, kind }) => direction === 'received' && kind === '200')
      .flatMap(({ body }) => /a=(send|recv|inact)\w*/.exec(body)?.[0] ?? [])
    expect(directions).toEqual(['a=sendrecv', 'a=recvonly', 'a=sendrecv'])
  })

  it('RFC 3261 §13.2.1: may begin without an offer, which then comes in the 200 and is answered in the ACK', async () => {
    const [alice, bob] = await two()
    const { caller, callee } = await call(alice, 'call-without-offer', bob, 'answer-with-offer')
    expect(received(callee, 'INVITE').body).toBe('')
    expect(received(callee, 'ACK').body).toBe(
      caller.find(({ direction, kind, body }) => direction === 'sent' && kind === 'ACK' && body)?.body,
    )
  })

  it('RFC 3261 §18: goes from a phone on TCP to a phone on UDP', async () => {
    const [alice, bob] = await two()
    const answering = bob.plays('answer-until-hung-up')
    await answering.ready
    const caller = await alice.plays('call-and-hang-up', { protocol: 'tcp', words: { number: bob.extension } }).messages
    expect(received(caller, '200', 'INVITE').header('Contact')).toMatch(/transport=tcp/i)
    expect(received(await answering.messages, 'INVITE').header('Via')).toMatch(/^SIP\/2.0\/UDP/)
  })

  it('RFC 3261 §26.3.1: goes over TLS to a phone that has registered over it, and from it', async () => {
    const [alice, bob] = await Promise.all([office.desk(), office.tlsDesk()])
    expect(await office.redis.cli('HGET', `{hd}:reg:${bob.device}`, 'flow')).toMatch(/;transport=tls$/)
    const { caller, callee } = await call(alice, 'call-and-hang-up', bob, 'answer-until-hung-up')
    expect(received(callee, 'INVITE').header('Via')).toMatch(/^SIP\/2.0\/TLS/)
    expect(received(caller, '200', 'INVITE').header('Via')).toMatch(/^SIP\/2.0\/UDP/)
    const back = await call(bob, 'call-and-hang-up', alice, 'answer-until-hung-up')
    expect(received(back.caller, '200', 'INVITE').header('Contact')).toMatch(/transport=tls/i)
  })
})

describe.concurrent('a number that leads nowhere', () => {
  it('RFC 3261 §21.4.5: unknown, is answered with 404', async () => {
    const alice = await office.desk()
    const caller = await alice.plays('call-refused', { words: { number: '199', status: 404 } }).messages
    expect(story(caller)).toBe('>INVITE <100 <407 >ACK >INVITE <100 <404 >ACK')
  })

  it('of a user who has not logged in, is answered with 480', async () => {
    const alice = await office.desk()
    const caller = await alice.plays('call-refused', { words: { number: '100', status: 480 } }).messages
    expect(received(caller, '480', 'INVITE').text).toMatch(/^SIP\/2.0 480 Not Logged In/)
  })

  it('from an idle phone is refused with 480, after an announcement in early media', async () => {
    const phone = await office.idle()
    const caller = await phone.plays('call-refused', { words: { number: '100', status: 480 } }).messages
    expect(story(caller)).toMatch(/<183 <480 >ACK$/)
    expect(received(caller, '183', 'INVITE').body).toMatch(/m=audio \d+ RTP\/AVP/)
  })
})

describe.concurrent('a SIPp run', () => {
  it('that does not go as its scenario says fails, with every message', async () => {
    const [alice, bob] = await two()
    const wrong = call(alice, 'call-and-hang-up', bob, 'refuse', { status: 486, reason: 'Busy Here' })
    await expect(wrong).rejects.toThrow(/unexpected message[\s\S]*SIP\/2.0 486 Busy Here/i)
  })

  it('that waits for a message that does not come ends in time and fails', async () => {
    const bob = await office.desk()
    await expect(bob.plays('answer-until-hung-up', { seconds: 1 }).messages).rejects.toThrow(/ended with/)
  })
})

it('no call is left', () => noCallIsLeft(office.site))
