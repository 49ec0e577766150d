import { expect, test } from 'vitest'
import { createKeyGate } from '../../../src/media/rtp/key-gate.js'
import { createSoundTrails } from '../../../src/media/rtp/sound-trails.js'

const source = (port: number) => ({ address: '192.0.2.66', port })

test('an unproven source can store 32 keys, for five seconds', () => {
  let heard = ''
  const gate = createKeyGate(({ key }) => (heard += key))
  for (let keys = 0; keys < 1_000; keys += 1) gate.offer({ key: '1', way: 'event', at: 0 })
  gate.settle({ from: source(4_000), ssrc: 1 }, 'proven', 5_000)
  expect(heard).toBe('1'.repeat(32))
})

test('sixteen sources are tracked; of more, the one that has sent the least is dropped', () => {
  const trails = createSoundTrails(() => 0)
  let now = 0
  const sends = (port: number, sequence: number, packets: number): void => {
    for (let sent = 0; sent < packets; sent += 1) {
      trails.note(source(port), { ssrc: port, sequence: sequence + sent }, now)
      now += 20
    }
  }
  sends(1, 1, 5)
  sends(2, 1, 7)
  for (let port = 3; port <= 17; port += 1) sends(port, 1, 6)
  sends(1, 6, 5)
  sends(2, 8, 3)
  expect([trails.isConsistent(source(1)), trails.isConsistent(source(2))]).toEqual([false, true])
})

test('a press that has waited for its source keeps its arrival time', () => {
  const times: number[] = []
  const gate = createKeyGate(({ at }) => times.push(at))
  gate.offer({ key: '1', way: 'tone', at: 100 })
  gate.offer({ key: '1', way: 'event', at: 1_300 })
  gate.settle({ from: source(4_000), ssrc: 1 }, 'proven', 1_500)
  expect(times).toEqual([100, 1_300])
})
