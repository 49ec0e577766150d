import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Phone } from '../../../src/softphones/softphone.js'
import { type CommandLine, openCommandLine } from '../../support/node/command-line.js'
import { dialAnswered, dialRefused } from '../../support/node/login.js'
import { networkSecret, type TestNode } from '../../support/node/node.js'
import { openTestOffice, type TestOffice } from '../../support/node/office.js'
import { openStrictCarrier, type StrictCarrier, type TakenCall } from '../../support/sip/strict-carrier.js'

/** Two nodes of Paris: paris-1 is registered at the only trunk, whose carrier takes calls from nobody else. The phone is at paris-2. */
let carrier: StrictCarrier
let office: TestOffice
let first: TestNode
let second: TestNode
let desk: Phone
let operator: CommandLine

beforeAll(async () => {
  carrier = await openStrictCarrier()
  office = await openTestOffice()
  const account = { register: 'yes', username: 'paris', password: 'carrier-pw-79', callerId: '+33199000000', location: 'pidf-lo' }
  const dialplan = JSON.stringify({
    site: 'paris',
    elin: '+33199000000',
    extensions: ['10X'],
    outside: '0',
    trunks: { carrier: { uri: `sip:${carrier.address}`, ...account } },
    routes: [{ match: '0ZX.', strip: 1, prepend: '+33', trunks: ['carrier'] }],
    dids: { '+3319900010X': '10X' },
  })
  first = await office.node('paris-1', 'paris', { dialplan })
  await first.logged('trunk.registered')
  second = await office.node('paris-2', 'paris', { dialplan })
  operator = await openCommandLine(office.redis, networkSecret)
  desk = await office.phone('HD0001', second)
  await office.seat({ 100: 'HD0001' })
}, 60_000)

afterAll(async () => {
  await operator.close()
  await office.close()
  await carrier.close()
})

/** Dials, and hangs up once the carrier has answered. */
async function taken(number: string): Promise<TakenCall & { readonly identity: string }> {
  const carried = carrier.nextCall()
  const call = await dialAnswered(desk, number)
  await call.hangUp()
  const { invite, from } = await carried
  return { invite, from, identity: invite.first('P-Asserted-Identity') ?? invite.first('From') ?? '' }
}

it('an outside call of the other node goes out from the address that is registered, with the number of its caller', async () => {
  const { invite, from, identity } = await taken('00123456789')
  expect([from, invite.uri, carrier.refused]).toEqual([first.udp, `sip:+33123456789@${carrier.address}`, 0])
  expect(identity).toContain('+33199000100')
})

it('so does an emergency call, with the location of the phone', async () => {
  const { invite, from, identity } = await taken('112')
  expect([from, invite.uri, carrier.refused]).toEqual([first.udp, `sip:112@${carrier.address}`, 0])
  expect(identity).toContain('+33199000001')
  expect([invite.has('Geolocation'), invite.has('X-Hotdesk-Trunk'), invite.has('X-Hotdesk-Passport')]).toEqual([true, false, false])
})

it('the emergency centre calls back at the registered node, and the phone rings over the node where it is registered', async () => {
  carrier.call(first.udp, '+33199000001')
  const { invite, callerNumber, reject } = await desk.nextCall()
  reject(486)
  expect([`${invite.source.address}:${invite.source.port}`, callerNumber]).toEqual([second.udp, '112'])
})

it('if the node of the phone hangs, the emergency centre reaches the phone from the registered node after three seconds', async () => {
  second.signal('SIGSTOP')
  carrier.call(first.udp, '+33199000001')
  const { invite, reject } = await desk.nextCall()
  second.signal('SIGCONT')
  reject(486)
  expect(`${invite.source.address}:${invite.source.port}`).toBe(first.udp)
})

it('`why` shows the node that calls the trunk', async () => {
  const { out } = await operator.hotdesk('why', '112', '--from', 'HD0001', '--at', 'paris-2')
  expect(out).toMatch(/registrar +paris-1 is registered at carrier and calls it; then this node calls carrier/)
})

it('if that node hangs, the other calls the trunk itself after two seconds', async () => {
  first.signal('SIGSTOP')
  expect(await dialRefused(desk, '00123456789')).toBe(480)
  expect(carrier.refused).toBe(1)
})

it('if that node has died, an emergency call is taken all the same if the trunk takes any', async () => {
  await first.kill()
  carrier.relent()
  const { invite, from } = await taken('112')
  expect([from, invite.uri]).toEqual([second.udp, `sip:112@${carrier.address}`])
})
