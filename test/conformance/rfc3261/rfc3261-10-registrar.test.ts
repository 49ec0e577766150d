import { beforeEach, describe, expect, it } from 'vitest'
import { useSeededStore } from '../../support/redis/seeded-store.js'
import { type Answered, type Bench, createBench, HD0001, natSource } from '../../support/sip/registrar-bench.js'

const seeded = useSeededStore()
let bench: Bench

beforeEach(() => {
  bench = createBench(seeded.store)
  return () => bench.close()
})

const desk = 'sip:HD0001@192.0.2.7:5060'
const bound = (): readonly string[] => bench.registrar.bindingsOf(HD0001).map((binding) => binding.contact)
const listed = (answer: Answered): readonly string[] => answer.lines('Contact').flatMap((line) => line.split(', '))

describe('RFC 3261 §10.3: a registrar', () => {
  it('step 2: MUST refuse a Require it does not understand with 420 and name it in Unsupported', () => {
    const answer = bench.deliver({ headers: { Require: 'gruu, x-strange', Contact: `<${desk}>` } })
    expect([answer.status, answer.lines('Unsupported')]).toEqual([420, ['gruu, x-strange']])
  })

  it('step 3: SHOULD authenticate, with 401 and not 407', () => {
    const answer = bench.deliver({ headers: { Contact: `<${desk}>` } })
    expect([answer.status, answer.lines('WWW-Authenticate').length, answer.lines('Proxy-Authenticate').length]).toEqual([401, 2, 0])
    expect(bound()).toEqual([])
  })

  it('step 4: MUST answer 403 when the device may not change that address-of-record', () => {
    const answer = bench.register({ To: '<sip:HD0002@hotdesk.example>', Contact: `<${desk}>` })
    expect([answer.status, bound()]).toEqual([403, []])
  })

  it('step 5: MUST take the address-of-record from To, escapes decoded and parameters removed', () => {
    expect(bench.register({ To: '"Desk" <sip:%48D0001@hotdesk.example;user=phone>;x=1', Contact: `<${desk}>` }).status).toBe(200)
    expect(bound()).toEqual([desk])
  })

  it('step 6: a request without Contact changes nothing and gets all bindings', () => {
    bench.register({ Contact: `<${desk}>;expires=100` })
    const answer = bench.register({})
    expect([answer.status, listed(answer)]).toEqual([200, [`<${desk}>;expires=100`]])
  })

  it('step 6: MUST refuse * with other contacts with 400', () => {
    bench.register({ Contact: `<${desk}>` })
    expect(bench.register({ Contact: '*, <sip:HD0001@192.0.2.8>', Expires: '0' }).status).toBe(400)
    expect(bound()).toEqual([desk])
  })

  it.each(['3600', '', 'none'])('step 6: MUST refuse * with Expires %j with 400', (expires) => {
    bench.register({ Contact: `<${desk}>` })
    expect(bench.register({ Contact: '*', Expires: expires }).status).toBe(400)
    expect(bound()).toEqual([desk])
  })

  it('step 6: * with Expires 0 removes all bindings', () => {
    bench.register({ Contact: `<${desk}>, <sip:HD0001@192.0.2.8>` })
    const answer = bench.register({ Contact: '*', Expires: '0' })
    expect([answer.status, listed(answer), bound()]).toEqual([200, [], []])
  })

  it('step 6: MUST fail * from the same Call-ID when its CSeq is not higher than that of a binding', () => {
    bench.register({ Contact: `<${desk}>`, CSeq: '500 REGISTER' })
    expect(bench.register({ Contact: '*', Expires: '0', CSeq: '500 REGISTER' }).status).toBe(500)
    expect(bound()).toEqual([desk])
  })

  it('step 6: * from another Call-ID removes whatever its CSeq', () => {
    bench.register({ Contact: `<${desk}>`, CSeq: '500 REGISTER' })
    expect(bench.register({ Contact: '*', Expires: '0', CSeq: '1 REGISTER' }, { callId: 'call-2' }).status).toBe(200)
    expect(bound()).toEqual([])
  })

  it('step 7: the expires parameter of a contact comes before Expires', () => {
    const answer = bench.register({ Contact: `<${desk}>;expires=120, <sip:HD0001@192.0.2.8>`, Expires: '240' })
    expect(listed(answer)).toEqual([`<${desk}>;expires=120`, '<sip:HD0001@192.0.2.8>;expires=240'])
  })

  it('step 7: MUST assign a time of its own if the request has none', () => {
    expect(listed(bench.register({ Contact: `<${desk}>` }))).toEqual([`<${desk}>;expires=3600`])
  })

  it('§10.2.1.1: a malformed expires is equivalent to 3600', () => {
    expect(listed(bench.register({ Contact: `<${desk}>;expires=soon` }))).toEqual([`<${desk}>;expires=3600`])
    expect(listed(bench.register({ Contact: `<${desk}>;expires=99999999999999999999` }))).toEqual([`<${desk}>;expires=3600`])
  })

  it('step 7: MAY shorten the time, and reports it', () => {
    expect(listed(bench.register({ Contact: `<${desk}>;expires=86400` }))).toEqual([`<${desk}>;expires=3600`])
  })

  it('step 7: refuses an interval that is too brief with 423, which MUST carry Min-Expires', () => {
    const answer = bench.register({ Contact: `<${desk}>;expires=59` })
    expect([answer.status, answer.lines('Min-Expires'), bound()]).toEqual([423, ['60'], []])
    expect(bench.register({ Contact: `<${desk}>;expires=60` }).status).toBe(200)
  })

  it('step 7: contacts are compared as URIs', () => {
    bench.register({ Contact: '<sip:HD0001@Phone.Example;transport=UDP>' })
    bench.register({ Contact: '<sip:%48D0001@phone.example;transport=udp>' })
    expect(bound()).toEqual(['sip:%48D0001@phone.example;transport=udp'])
  })

  it('step 7: a zero time removes that binding alone', () => {
    bench.register({ Contact: `<${desk}>, <sip:HD0001@192.0.2.8>` })
    const answer = bench.register({ Contact: `<${desk}>;expires=0` })
    expect(listed(answer)).toEqual(['<sip:HD0001@192.0.2.8>;expires=3600'])
  })

  it('step 7: a zero time for a contact that is not bound is not an error', () => {
    expect(bench.register({ Contact: `<${desk}>;expires=0` }).status).toBe(200)
    expect(bound()).toEqual([])
  })

  it('step 7: MUST abort when the CSeq of the same Call-ID is not higher', () => {
    bench.register({ Contact: `<${desk}>;expires=1000`, CSeq: '500 REGISTER' })
    expect(bench.register({ Contact: `<${desk}>;expires=0`, CSeq: '499 REGISTER' }).status).toBe(500)
    expect(bench.register({ Contact: `<${desk}>;expires=0`, CSeq: '500 REGISTER' }).status).toBe(500)
    expect(bound()).toEqual([desk])
  })

  it('step 7: another Call-ID updates the binding whatever its CSeq', () => {
    bench.register({ Contact: `<${desk}>;expires=1000`, CSeq: '500 REGISTER' })
    const answer = bench.register({ Contact: `<${desk}>;expires=200`, CSeq: '1 REGISTER' }, { callId: 'after the restart' })
    expect(listed(answer)).toEqual([`<${desk}>;expires=200`])
  })

  it('step 7: updates MUST be committed all together or not at all', () => {
    bench.register({ Contact: `<${desk}>`, CSeq: '500 REGISTER' })
    const refused = bench.register({ Contact: `<sip:HD0001@192.0.2.8>, <${desk}>;expires=0`, CSeq: '400 REGISTER' })
    expect([refused.status, bound()]).toEqual([500, [desk]])
    const brief = bench.register({ Contact: '<sip:HD0001@192.0.2.8>, <sip:HD0001@192.0.2.9>;expires=5' })
    expect([brief.status, bound()]).toEqual([423, [desk]])
    const odd = bench.register({ Contact: `<${desk}>;expires=0, <nonsense` })
    expect([odd.status, bound()]).toEqual([400, [desk]])
  })

  it('step 8: the 200 MUST list all bindings, each with its expires, and SHOULD carry Date', () => {
    bench.register({ Contact: `<${desk}>;expires=1000` })
    bench.clock.advance(400_000)
    const answer = bench.register({ Contact: '<sip:HD0001@192.0.2.8;transport=tcp>;expires=300' })
    expect(listed(answer)).toEqual([`<${desk}>;expires=600`, '<sip:HD0001@192.0.2.8;transport=tcp>;expires=300'])
    expect(answer.lines('Date')).toEqual([new Date(bench.clock.now()).toUTCString()])
  })

  it('a binding that is not refreshed expires', () => {
    bench.register({ Contact: `<${desk}>;expires=100` })
    bench.clock.advance(99_000)
    expect(bound()).toEqual([desk])
    bench.clock.advance(1_000)
    expect(bound()).toEqual([])
  })

  it.each(['<tel:+33123>', '<mailto:a@b.example>', 'sip:', '<sip:a@b', ','])('refuses the Contact %j with 400', (contact) => {
    expect(bench.register({ Contact: contact }).status).toBe(400)
  })

  it.each(['', 'REGISTER', '-1 REGISTER', '99999999999 REGISTER'])('refuses the CSeq %j with 400', (cseq) => {
    expect(bench.register({ Contact: `<${desk}>`, CSeq: cseq }).status).toBe(400)
  })

  it('keeps the last eight contacts of a device; it refuses none with a status about credentials', () => {
    const many = (count: number) => Array.from({ length: count }, (_, i) => `<sip:HD0001@192.0.2.${i + 1}>`).join(', ')
    expect(bench.register({ Contact: many(9) }).status).toBe(200)
    expect(bound()).toHaveLength(8)
    expect(bench.register({ Contact: many(17) }).status).toBe(400)
    expect(bound()).toHaveLength(8)
  })
})

describe('RFC 5626 and RFC 3581: a phone behind NAT', () => {
  it('is bound to the source address, port and transport of its REGISTER', () => {
    bench.register({ Contact: `<${desk}>` })
    expect(bench.registrar.bindingsOf(HD0001)).toMatchObject([{ contact: desk, flow: 'sip:203.0.113.9:40312;transport=udp' }])
  })

  it('is followed when its flow changes', () => {
    bench.register({ Contact: `<${desk}>` })
    bench.register({ Contact: `<${desk}>` }, { source: { protocol: 'tcp', address: '2001:db8::9', port: 50_000 } })
    expect(bench.registrar.bindingsOf(HD0001)).toMatchObject([{ flow: 'sip:[2001:db8::9]:50000;transport=tcp' }])
  })

  it('replaces its old contact when it names itself with +sip.instance', () => {
    const instance = '+sip.instance="<urn:uuid:00000000-0000-1000-8000-000a95a0e128>"'
    bench.register({ Contact: `<sip:HD0001@192.0.2.7:50001;transport=tcp>;${instance}` }, { source: natSource })
    bench.register({ Contact: `<sip:HD0001@192.0.2.7:50002;transport=tcp>;${instance}` }, { callId: 'after the restart' })
    expect(bound()).toEqual(['sip:HD0001@192.0.2.7:50002;transport=tcp'])
  })
})

describe('RFC 3261 §11.2: OPTIONS', () => {
  it('gets 200 and SHOULD carry Allow, Accept, Accept-Encoding, Accept-Language and Supported', () => {
    const answer = bench.deliver({ method: 'OPTIONS' })
    expect(answer.status).toBe(200)
    for (const name of ['Allow', 'Accept', 'Accept-Encoding', 'Accept-Language', 'Supported'])
      expect(answer.lines(name), name).toHaveLength(1)
    expect(answer.lines('Allow')[0]).toContain('INVITE')
  })

  it('lists only supported methods: none that is refused outside and inside of dialogs', () => {
    const answer = bench.deliver({ method: 'OPTIONS' })
    expect(answer.lines('Allow')[0]).not.toMatch(/REFER|NOTIFY|MESSAGE|PUBLISH/)
    expect(answer.lines('Accept')[0]).toContain('audio/telephone-event')
  })

  it('lists what phones may subscribe to (RFC 6665 §4.4.4, RFC 4662 §3)', () => {
    const answer = bench.deliver({ method: 'OPTIONS' })
    expect(answer.lines('Allow-Events')).toEqual(['dialog, presence, message-summary'])
    expect(answer.lines('Allow')[0]).toContain('SUBSCRIBE')
    expect(answer.lines('Supported')[0]).toContain('eventlist')
  })
})
