import { describe, expect, it } from 'vitest'
import { silentLogger } from '../../../../src/base/logger.js'
import type { RefusalReason } from '../../../../src/calls/failure.js'
import { decide } from '../../../../src/calls/routing/decide.js'
import { explain } from '../../../../src/calls/routing/explain.js'
import { loadDialplan } from '../../../../src/dialplan/dialplan.js'
import type { Forwards, User } from '../../../../src/directory/directory.js'
import { samplePlanText } from '../../../support/node/sample-plan.js'
import { bob, dialled, scene, userOf } from './scene.js'

const planText = (voicemail: string): string =>
  samplePlanText('paris')
    .replace(/^ +enabled: no\n/m, '')
    .replace(/^trunks:\n/m, 'trunks:\n  mailbox: { uri: "sip:vm.example.com" }\n')
    .concat(`\n${voicemail}\n`)
const load = (voicemail: string) => loadDialplan({ text: planText(voicemail), file: 'paris.yaml', log: silentLogger() })
const plan = load('voicemail: { trunk: mailbox, number: "*97", mailbox: "7{extension}" }')
const history = { hops: 0, trail: [], diversions: [] }

function missed(changes: Parameters<typeof userOf>[2], reason: RefusalReason, dialplan = plan, hops = 0) {
  const user = userOf('100', 'Alice', { rights: 'abroad', ...changes })
  return decide({ kind: 'missed', user, reason, history: { ...history, hops } }, { ...scene({ users: [user, bob] }), dialplan })
}

describe('a call that the phones do not take', () => {
  it.each([
    ['busy', 'busy', 'user-busy', 486],
    ['declined', 'busy', 'user-busy', 486],
    ['no-answer', 'noAnswer', 'no-answer', 408],
    ['not-logged-in', 'notLoggedIn', 'unavailable', 503],
    ['not-reachable', 'notReachable', 'unavailable', 503],
  ] as const)('%s: goes to the forward for it, else to voicemail (RFC 4458 §2.2)', (reason, forward, as, cause) => {
    const forwards: Partial<Forwards> = { [forward]: '000441234' }
    const diversions = [{ number: '100', name: 'Alice', reason: as, times: 1, isPrivate: false }]
    expect(missed({ forwards }, reason).to).toMatchObject({ kind: 'outside', number: '+441234', diversions })
    const to = missed({}, reason).to
    expect(to).toMatchObject({ kind: 'voicemail', number: '*97', mailbox: '7100', cause, otherwise: reason, diversions })
    expect(missed({}, reason, load('')).to).toEqual({ kind: 'refused', reason })
    expect(missed({}, reason, plan, 1).to).toEqual({ kind: 'refused', reason })
  })

  it.each(['unknown-number', 'cancelled', 'loop', 'no-common-codec', 'upstream'] as const)('%s: does not go to voicemail', (reason) => {
    expect(missed({}, reason).to).toEqual({ kind: 'refused', reason })
  })

  it('because the user does not want to be disturbed says so', () => {
    const user = userOf('100', 'Alice', { doNotDisturb: true })
    const { to } = decide({ kind: 'user', user, history }, { ...scene({ users: [user] }), dialplan: plan })
    expect(to).toMatchObject({ kind: 'voicemail', cause: 486, diversions: [{ reason: 'do-not-disturb' }] })
  })
})

describe('the voicemail of a user', () => {
  const left = (voicemail: User['voicemail'], dialplan = plan) => missed({ voicemail }, 'busy', dialplan).to

  it('is the one of the site, a number of the plan, a mailbox of their own, or none', () => {
    expect(left(null)).toMatchObject({ kind: 'voicemail', number: '*97' })
    expect(left('000449876')).toMatchObject({ kind: 'outside', number: '+449876' })
    expect(left('sip:8100@vm.example.com')).toMatchObject({
      kind: 'voicemail',
      number: '8100',
      mailbox: '7100',
      trunk: { name: 'mailbox' },
    })
    expect(left('none')).toEqual({ kind: 'refused', reason: 'busy' })
  })

  it('at an own address is reached over the trunk with that host, also if the site has no voicemail', () => {
    expect(left('sip:8100@vm.example.com', load(''))).toMatchObject({ trunk: { name: 'mailbox' }, mailbox: '100' })
    expect(left('sip:8100@elsewhere.example', load(''))).toEqual({ kind: 'refused', reason: 'busy' })
  })

  it('at a carrier needs the right to call that number, and counts for limits like any call outside', () => {
    const at = (number: string, rights: string, usage = {}) => {
      const user = userOf('100', 'Alice', { rights, voicemail: `sip:${number}@192.0.2.20` })
      const defined = 'rights: { near: { limits: { callsAtOnce: 1 } }, stay: { forwardOutside: no } }'
      const text = planText(defined).replace(/^rights:\n(?: .*\n)+/m, '')
      const site = loadDialplan({ text, file: 'paris.yaml', log: silentLogger() })
      return decide({ kind: 'missed', user, reason: 'busy', history }, { ...scene({ users: [user], usage }), dialplan: site })
    }
    expect(at('+33155512345', 'near').to).toMatchObject({ kind: 'voicemail', number: '+33155512345' })
    expect(at('+33155512345', 'near').counted).toEqual(['user:100'])
    expect(at('+33155512345', 'near', { 'user:100': { callsAtOnce: 1 } }).to).toEqual({ kind: 'refused', reason: 'over-limit' })
    for (const [number, rights] of [
      ['+12025550123', 'near'],
      ['+33155512345', 'stay'],
    ] as const)
      expect(at(number, rights).to).toEqual({ kind: 'refused', reason: 'barred' })
  })

  it('is where a forward to `voicemail` leads', () => {
    const user = userOf('100', 'Alice', { forwards: { always: 'voicemail' } })
    const knowledge = { ...scene({ users: [user, bob] }), dialplan: plan }
    const { outcome, steps, destination } = explain(dialled('100', null, knowledge), knowledge)
    expect(outcome).toBe('*97 is called over mailbox, for mailbox 7100')
    expect(steps.at(-1)?.words).toBe('all calls are forwarded to voicemail: messages for Alice are left in mailbox 7100 over mailbox')
    expect(destination).toEqual({ kind: 'voicemail', number: '*97', mailbox: '7100', cause: 302, trunks: ['mailbox'] })
  })
})

describe('voicemail in a dial plan', () => {
  it('calls the extension and its mailbox if it names only a trunk', () => {
    const site = load('voicemail: { trunk: mailbox }').voicemail
    expect([site?.number(bob.extension), site?.mailbox(bob.extension)]).toEqual(['101', '101'])
  })

  it.each([
    ['voicemail: { trunk: post }', 'no trunk is named "post"; known here: mailbox, paris-carrier'],
    ['voicemail: { number: "*97" }', 'missing'],
    ['voicemail: { trunk: mailbox, number: "{user}" }', 'expected digits, * and #, with {extension} for the extension'],
  ])('%s is refused', (text, problem) => {
    expect(() => load(text)).toThrow(problem)
  })
})
