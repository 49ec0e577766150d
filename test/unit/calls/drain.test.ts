import { describe, expect, it } from 'vitest'
import type { OpenCall } from '../../../src/calls/call.js'
import { createCallControl } from '../../../src/calls/call-control.js'
import { drain } from '../../../src/calls/drain.js'
import { keepLog } from '../../support/node/kept-log.js'
import { createManualClock } from '../../support/process/manual-clock.js'

const emergencyMs = 3_600_000

/** The end of a node with calls that begin and end by hand. */
function draining(settled: (withinMs: number) => Promise<void> = () => Promise.resolve()) {
  const clock = createManualClock(0)
  const open = new Set<OpenCall>()
  const { log, lines } = keepLog()
  let isOver = false
  return {
    open,
    lines,
    begin(kind: OpenCall['kind']): OpenCall {
      const call = { kind, control: createCallControl(kind === 'emergency') }
      open.add(call)
      return call
    },
    start: () => void drain({ open, settled, emergencyMs, clock, log }).then(() => (isOver = true)),
    /** Whether the node has finished by then. */
    async isOverAfter(ms: number): Promise<boolean> {
      for (let left = ms; left > 0; left -= 20) {
        clock.advance(Math.min(20, left))
        for (let turn = 0; turn < 5; turn += 1) await Promise.resolve()
      }
      return isOver
    },
  }
}

describe('a node that ends', () => {
  it('hangs up ordinary calls and waits two seconds for the responses', async () => {
    const node = draining()
    const ordinary = node.begin('ordinary')
    node.start()
    expect(ordinary.control.endReason).toBe('stopping')
    expect([await node.isOverAfter(1_900), await node.isOverAfter(400)]).toEqual([false, true])
  })

  it('waits until its BYEs have arrived, and carries an emergency call that begins meanwhile', async () => {
    const limits: number[] = []
    let arrive: () => void = () => undefined
    const node = draining((withinMs) => {
      limits.push(withinMs)
      return new Promise((resolve) => {
        arrive = resolve
      })
    })
    node.start()
    expect(await node.isOverAfter(2_000)).toBe(false)
    const help = node.begin('emergency')
    arrive()
    expect(await node.isOverAfter(60_000)).toBe(false)
    node.open.delete(help)
    expect(await node.isOverAfter(60_000)).toBe(false)
    arrive()
    expect([await node.isOverAfter(400), limits]).toEqual([true, [3_000, 3_000]])
  })

  it('waits for emergency calls, hangs up none, and waits for one that begins as the last one ends', async () => {
    const node = draining()
    const first = node.begin('emergency')
    node.start()
    expect(await node.isOverAfter(60_000)).toBe(false)
    node.open.delete(first)
    expect(await node.isOverAfter(100)).toBe(false)
    const second = node.begin('emergency')
    expect(await node.isOverAfter(60_000)).toBe(false)
    node.open.delete(second)
    expect([await node.isOverAfter(400), first.control.endReason, second.control.endReason]).toEqual([true, null, null])
  })

  it('waits for an emergency call that the SIP server accepted at the moment of the signal', async () => {
    const node = draining()
    node.start()
    expect(await node.isOverAfter(100)).toBe(false)
    node.begin('emergency')
    expect(await node.isOverAfter(60_000)).toBe(false)
  })

  it('waits for emergency calls no longer than the operator has set, and reports those that it abandons', async () => {
    const node = draining()
    node.begin('emergency')
    node.start()
    expect([await node.isOverAfter(emergencyMs - 1_000), await node.isOverAfter(2_000)]).toEqual([false, true])
    expect(node.lines.join('')).toContain('the node stops although 1 emergency calls are up')
  })
})
