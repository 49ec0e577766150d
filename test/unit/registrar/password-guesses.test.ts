import { describe, expect, it } from 'vitest'
import type { DeviceId } from '../../../src/base/identity.js'
import { type Attempt, createPasswordGuesses } from '../../../src/registrar/authentication/password-guesses.js'
import { createManualClock } from '../../support/process/manual-clock.js'

const nat = '203.0.113.9'

function guessing() {
  const clock = createManualClock(1_800_000_000_000)
  const guesses = createPasswordGuesses(clock)
  const attempt = (parts: Partial<Attempt> = {}): Attempt => ({
    device: 'HD0001' as DeviceId,
    exists: true,
    address: nat,
    relation: 'unknown',
    ...parts,
  })
  /** Tries once every `everyMs`; how many were looked at. */
  function tries(rounds: number, everyMs: number, of: (round: number) => Attempt): number {
    let looked = 0
    for (let round = 0; round < rounds; round++) {
      const one = of(round)
      if (guesses.mayTry(one)) {
        looked += 1
        guesses.failed(one)
      }
      clock.advance(everyMs)
    }
    return looked
  }
  return { clock, guesses, attempt, tries }
}

describe('guessing', () => {
  it('one device from one source is slowed down to one try a minute', () => {
    const { attempt, tries } = guessing()
    expect(tries(1_000, 0, () => attempt({ relation: 'known' }))).toBe(10)
    const aDay = tries(86_400, 1_000, () => attempt({ relation: 'known' }))
    expect(aDay).toBeGreaterThan(1_400)
    expect(aDay).toBeLessThan(1_460)
  })

  it('never delays the phone on its own flow', () => {
    const { guesses, attempt, tries } = guessing()
    tries(1_000, 0, () => attempt({ relation: 'known' }))
    expect([guesses.mayTry(attempt({ relation: 'known' })), guesses.mayTry(attempt({ relation: 'own' }))]).toEqual([false, true])
  })

  it('by a phone with a wrong password on its own flow does not delay other phones at its address', () => {
    const { guesses, attempt, tries } = guessing()
    expect(tries(1_000, 0, () => attempt({ relation: 'own' }))).toBe(1_000)
    expect([guesses.mayTry(attempt({ relation: 'known' })), guesses.mayTry(attempt())]).toEqual([true, true])
  })

  it('from one address does not delay other addresses of the device', () => {
    const { guesses, attempt, tries } = guessing()
    tries(1_000, 0, () => attempt())
    expect(guesses.mayTry(attempt({ address: '198.51.100.4' }))).toBe(true)
  })

  it('one device from ten thousand sources is limited for all sources except that of the phone', () => {
    const { guesses, attempt, tries } = guessing()
    const spread = (round: number): Attempt => attempt({ address: `198.51.${round >> 8}.${round & 255}` })
    expect(tries(10_000, 0, spread)).toBe(50)
    expect(guesses.mayTry(attempt({ relation: 'known' }))).toBe(true)
    expect(tries(3_600, 1_000, (round) => spread(20_000 + round))).toBeLessThan(130)
  })

  it('ten thousand devices from one source is limited for all devices that are not registered from there', () => {
    const { guesses, attempt, tries } = guessing()
    const spread = (round: number): Attempt => attempt({ device: `HD${round}` as DeviceId })
    expect(tries(10_000, 0, spread)).toBe(100)
    expect(guesses.mayTry(attempt({ device: 'HD0002' as DeviceId, relation: 'known' }))).toBe(true)
  })

  it('from addresses of registered devices does not count for a device elsewhere, nor for others there', () => {
    const { guesses, attempt, tries } = guessing()
    const office = (address: string) => attempt({ relation: 'known', address })
    for (let at = 1; at <= 6; at++) expect(tries(20, 0, () => office(`192.0.2.${at}`))).toBe(10)
    expect(guesses.mayTry(attempt({ address: '198.51.100.4' }))).toBe(true)
    for (let at = 1; at <= 20; at++) tries(20, 0, () => attempt({ relation: 'known', device: `HD1${at}` as DeviceId }))
    expect(guesses.mayTry(attempt({ device: 'HD0099' as DeviceId }))).toBe(true)
  })

  it('counts the IPv6 network of a host as one source', () => {
    const { attempt, tries } = guessing()
    expect(tries(1_000, 0, (round) => attempt({ address: `2001:db8::${round.toString(16)}` }))).toBe(10)
    expect(tries(1, 0, () => attempt({ address: '2001:db8:0:1::1' }))).toBe(1)
  })

  it('a device that does not exist is limited like an existing one, and evicts none', () => {
    const { attempt, tries } = guessing()
    expect(tries(100, 0, () => attempt({ relation: 'known' }))).toBe(10)
    const ghosts = (round: number): Attempt =>
      attempt({ device: `X${round}` as DeviceId, exists: false, address: `198.51.100.${round % 200}` })
    tries(50_000, 0, ghosts)
    expect(tries(100, 0, () => attempt({ device: 'X9' as DeviceId, exists: false, address: '192.0.2.1' }))).toBe(10)
    expect(tries(100, 0, () => attempt({ relation: 'known' }))).toBe(0)
  })

  it('is forgotten after a quarter of an hour, and when the password changes', () => {
    const { clock, guesses, attempt, tries } = guessing()
    const known = attempt({ relation: 'known' })
    tries(100, 0, () => known)
    clock.advance(15 * 60_000 + 1)
    expect(tries(100, 0, () => known)).toBe(10)
    guesses.forget(known.device)
    expect(tries(100, 0, () => known)).toBe(10)
  })
})
