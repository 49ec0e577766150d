import { describe, expect, it } from 'vitest'
import { endOf, type ProcessEvents } from '../../../src/cli/process-events.js'
import { createManualClock } from '../../support/process/manual-clock.js'

function signals() {
  const listeners: (() => void)[] = []
  const codes: number[] = []
  const events: ProcessEvents = {
    onStop: (listener) => void listeners.push(listener),
    onReload: () => undefined,
    onDrain: () => undefined,
    stop: () => undefined,
    onFault: () => undefined,
    abandon: (code) => codes.push(code) as never,
    close: () => undefined,
  }
  function stop(): void {
    for (const listener of listeners) listener()
  }
  return { events, codes, stop }
}

describe('being asked to end', () => {
  it('twice in one moment, as by a wrapper that passes signals on, is once', async () => {
    const clock = createManualClock(0)
    const { events, codes, stop } = signals()
    const end = endOf(events, { clock })
    stop()
    clock.advance(300)
    stop()
    expect(await end).toEqual({ by: 'signal' })
    expect(codes).toEqual([])
  })

  it('again by somebody who has waited ends at once', () => {
    const clock = createManualClock(0)
    const { events, codes, stop } = signals()
    void endOf(events, { clock })
    stop()
    clock.advance(1_500)
    stop()
    expect(codes).toEqual([130])
  })

  it('again does not end a process that must not be abandoned, until it may be', () => {
    const clock = createManualClock(0)
    const { events, codes, stop } = signals()
    let isUp = true
    void endOf(events, { clock, mayAbandon: () => !isUp })
    stop()
    clock.advance(1_500)
    stop()
    expect(codes).toEqual([])
    isUp = false
    stop()
    expect(codes).toEqual([130])
  })
})
