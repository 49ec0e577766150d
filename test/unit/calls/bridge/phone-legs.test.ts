import { describe, expect, it } from 'vitest'
import { createEmitter } from '../../../../src/base/emitter.js'
import type { DeviceId } from '../../../../src/base/identity.js'
import { silentLogger } from '../../../../src/base/logger.js'
import { createMetrics } from '../../../../src/base/metrics.js'
import { createPhoneLegs } from '../../../../src/calls/bridge/phone-legs.js'
import type { RegistrationKind } from '../../../../src/registrar/registrar.js'
import type { SipReply } from '../../../../src/srf/srf.js'
import { createManualClock } from '../../../support/process/manual-clock.js'

const desk = 'HD0001' as DeviceId

/** A leg of a phone whose answers to OPTIONS the test gives. */
function openLeg(proof: 'likely' | 'certain' = 'likely') {
  const fail = (fault: unknown): never => {
    throw fault
  }
  const [registered, unregistered] = [createEmitter<[DeviceId, RegistrationKind]>(fail), createEmitter<[DeviceId]>(fail)]
  const clock = createManualClock()
  const legs = createPhoneLegs({
    clock,
    registrar: { onRegistered: registered.on, onUnregistered: unregistered.on },
    log: silentLogger(),
    metrics: createMetrics(),
  })
  const asked: ((answer: SipReply) => void)[] = []
  let deaths = 0
  const dialog = { request: () => new Promise<SipReply>((resolve) => void asked.push(resolve)) }
  const onDead = (): void => {
    deaths += 1
  }
  const stop = legs.watch({ device: desk, dialog, proof, onDead })
  return {
    registers: (how: RegistrationKind = 'new') => registered.emit(desk, how),
    goes: () => unregistered.emit(desk),
    stop,
    clock,
    get asked() {
      return asked.length
    },
    get deaths() {
      return deaths
    },
    /** Answers the probe that waits. */
    async answers(status: number, madeHere?: NonNullable<SipReply['madeHere']>) {
      asked.at(-1)?.({ status, reason: '', header: () => '', body: '', ...(madeHere && { madeHere }) })
      await new Promise(setImmediate)
    },
  }
}

describe('a leg of a phone that registers again (RFC 3261 §12.2.1.2, RFC 5057 §5.1)', () => {
  it.each([
    [481, undefined, 1],
    [408, undefined, 0],
    [408, 'server', 0],
    [503, 'server', 0],
    [503, 'link', 0],
    [200, undefined, 0],
    [405, undefined, 0],
    [501, undefined, 0],
    [500, undefined, 0],
  ] as const)('and responds to OPTIONS with %i (%s): dead %i times', async (status, madeHere, deaths) => {
    const leg = openLeg()
    leg.registers()
    await leg.answers(status, madeHere)
    expect([leg.asked, leg.deaths]).toEqual([1, deaths])
  })

  it.each([
    [481, undefined, 1],
    [408, undefined, 0],
    [408, 'server', 0],
    [503, 'server', 0],
  ] as const)('in an emergency call, and responds %i (%s): dead %i times; silence does not end it', async (status, madeHere, deaths) => {
    const leg = openLeg('certain')
    leg.registers()
    await leg.answers(status, madeHere)
    expect(leg.deaths).toBe(deaths)
  })

  it('is not probed when the phone refreshes its registration unchanged', () => {
    const leg = openLeg()
    leg.registers('refresh')
    expect(leg.asked).toBe(0)
  })

  it('is probed when the last registration of the phone is gone', async () => {
    const leg = openLeg()
    leg.goes()
    await leg.answers(481)
    expect(leg.deaths).toBe(1)
  })

  it('that ignores OPTIONS keeps its call as long as it is registered, and is probed again a limited number of times', async () => {
    const leg = openLeg()
    leg.registers()
    for (let minutes = 0; minutes < 60; minutes++) {
      await leg.answers(408, 'server')
      leg.clock.advance(60_000)
      leg.registers('refresh')
    }
    expect([leg.asked, leg.deaths, leg.clock.pending]).toEqual([30, 0, 0])
  })

  it('is probed again after silence, because its new contact may respond', async () => {
    const leg = openLeg()
    leg.registers()
    await leg.answers(408, 'server')
    leg.clock.advance(60_000)
    await leg.answers(481)
    expect([leg.asked, leg.deaths, leg.clock.pending]).toEqual([2, 1, 0])
  })

  it.each([
    ['likely', 1],
    ['certain', 0],
  ] as const)('is ended when the phone is no longer registered and is silent twice; %s: dead %i times', async (proof, deaths) => {
    const leg = openLeg(proof)
    leg.registers()
    await leg.answers(408, 'server')
    leg.goes()
    await leg.answers(503, 'server')
    expect(leg.deaths).toBe(0)
    leg.clock.advance(60_000)
    await leg.answers(503, 'server')
    expect([leg.asked, leg.deaths]).toEqual([3, deaths])
  })

  it('is ended when the proxy in front of an unregistered phone reports twice that the phone is silent', async () => {
    const leg = openLeg()
    leg.goes()
    await leg.answers(408)
    leg.clock.advance(60_000)
    await leg.answers(408)
    expect(leg.deaths).toBe(1)
  })

  it('is not ended by two silences with a response between them', async () => {
    const leg = openLeg()
    leg.goes()
    await leg.answers(408, 'server')
    leg.clock.advance(60_000)
    await leg.answers(200)
    leg.goes()
    await leg.answers(408, 'server')
    expect([leg.asked, leg.deaths]).toEqual([3, 0])
  })

  it('is not ended when the phone has registered again before the second silence', async () => {
    const leg = openLeg()
    leg.goes()
    await leg.answers(503, 'server')
    leg.registers('refresh')
    leg.clock.advance(60_000)
    await leg.answers(408, 'server')
    expect([leg.asked, leg.deaths]).toEqual([2, 0])
    leg.stop()
    expect(leg.clock.pending).toBe(0)
  })

  it('has one probe at a time, and one more for all changes in the meantime', async () => {
    const leg = openLeg()
    for (let times = 0; times < 5; times++) leg.registers()
    expect(leg.asked).toBe(1)
    await leg.answers(408, 'server')
    expect([leg.asked, leg.deaths]).toEqual([2, 0])
    await leg.answers(200)
    expect([leg.asked, leg.deaths]).toEqual([2, 0])
  })

  it('is not ended twice if it ends by itself before the response', async () => {
    const leg = openLeg()
    leg.registers()
    leg.stop()
    await leg.answers(481)
    leg.registers()
    expect([leg.asked, leg.deaths]).toEqual([1, 0])
  })
})
