import { describe, expect, it } from 'vitest'
import { reinviteInTurn } from '../../../../src/calls/bridge/reinvite-in-turn.js'
import type { SipDialog } from '../../../../src/srf/srf.js'
import { createManualClock } from '../../../support/process/manual-clock.js'

/** A far end that gives these responses in turn, and the times of the re-INVITEs. */
function farEnd(createdBy: SipDialog['createdBy'], ...statuses: readonly number[]) {
  const clock = createManualClock(0)
  const at: number[] = []
  const left = [...statuses]
  const reinvite = () => {
    at.push(clock.now())
    const status = left.shift() ?? 200
    return Promise.resolve({
      status,
      reason: '',
      header: (name: string) => (name === 'Retry-After' && status === 500 ? '3' : ''),
      body: '',
    })
  }
  const dialog = { createdBy, ended: false, reinvite, continueSession: () => undefined } as unknown as SipDialog
  async function result(isWanted = () => true): Promise<number> {
    let final: number | null = null
    void reinviteInTurn(dialog, { sdp: 'v=0', headers: {}, isWanted }, clock).then(({ status }) => (final = status))
    while (final === null) {
      await new Promise((resolve) => setImmediate(resolve))
      clock.advance(10)
    }
    return final
  }
  return { at, result }
}

describe('a re-INVITE that meets one of the far end', () => {
  it('is sent again after 2.1 to 4 s by the owner of the Call-ID (RFC 3261 §14.1)', async () => {
    const { at, result } = farEnd('us', 491)
    expect(await result()).toBe(200)
    expect(at[1]).toBeGreaterThanOrEqual(2_100)
    expect(at[1]).toBeLessThanOrEqual(4_050)
  })

  it('is sent again within 2 s by the other side (RFC 3261 §14.1)', async () => {
    const { at, result } = farEnd('far end', 491)
    expect(await result()).toBe(200)
    expect(at[1]).toBeLessThanOrEqual(2_050)
  })

  it('is sent again after the Retry-After of a 500 (RFC 3261 §14.2)', async () => {
    const { at, result } = farEnd('us', 500)
    expect(await result()).toBe(200)
    expect(at[1]).toBeGreaterThanOrEqual(3_000)
  })

  it('is given up after three more attempts', async () => {
    const { at, result } = farEnd('far end', 491, 491, 491, 491, 491)
    expect(await result()).toBe(491)
    expect(at).toHaveLength(4)
  })

  it('is not sent again for a caller that has given up', async () => {
    const { at, result } = farEnd('far end', 491)
    expect(await result(() => false)).toBe(491)
    expect(at).toHaveLength(1)
  })

  it('is not sent again after any other refusal', async () => {
    const { at, result } = farEnd('us', 488)
    expect(await result()).toBe(488)
    expect(at).toHaveLength(1)
  })
})
