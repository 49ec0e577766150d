import { expect, test } from 'vitest'
import { createTestCalls, type TestCallsNeeds } from '../../../../src/calls/own/test-calls.js'
import { createManualClock } from '../../../support/process/manual-clock.js'

const request = { target: 'HD0001', from: null, ringSeconds: 20, talkSeconds: 5 }

test('test calls that begin at the same time are limited as well, and one that does not come about leaves its place', async () => {
  const ports: ((free: null) => void)[] = []
  const binding = { device: 'HD0001', node: 'paris-1' }
  const calls = createTestCalls({
    directory: { device: () => ({ id: 'HD0001' }) },
    hotdesk: { isQuiet: () => false },
    knowledge: () => ({ node: 'paris-1', registrar: { bindingsOf: () => [binding] } }),
    ways: {},
    domain: 'hotdesk.example',
    isOpen: () => true,
    clock: createManualClock(),
    // The node looks for a port.
    placeOwnCall: () => new Promise((found) => ports.push(found)),
  } as unknown as TestCallsNeeds)

  const begun = Array.from({ length: 6 }, () => calls.begin(request, 'alice@desk').catch((fault: unknown) => String(fault)))
  for (const none of ports) none(null)
  const answers = await Promise.all(begun)
  for (const answer of answers.slice(0, 5)) expect(answer).toContain('RTP port')
  expect(answers[5]).toMatch(/5 test calls/)
  expect(ports).toHaveLength(5)

  const next = calls.begin(request, 'alice@desk').catch((fault: unknown) => String(fault))
  ports.at(-1)?.(null)
  expect(await next).toContain('RTP port')
})
