import { describe, expect, test } from 'vitest'
import { AppError } from '../../../src/base/errors.js'
import { silentLogger } from '../../../src/base/logger.js'
import { loadDialplan } from '../../../src/dialplan/dialplan.js'

const plan = (lines: string) =>
  loadDialplan({ text: `site: paris\nextensions: ["10X"]\n${lines}`, file: 'dialplans/test.yaml', log: silentLogger() })
const rules = (lines: string) => plan(lines).automaticLogout

function refusal(lines: string): string {
  try {
    plan(lines)
  } catch (fault) {
    if (fault instanceof AppError && fault.code === 'DIALPLAN_INVALID') return fault.message
    throw fault
  }
  throw new Error('was accepted')
}

describe('automatic logout in a dial plan', () => {
  test('is off by default', () => {
    expect(rules('')).toBeNull()
    expect(rules('automaticLogout: {}')).toBeNull()
    expect(rules('timezone: Europe/Paris')).toBeNull()
  })

  test('has three rules, each of which can be used alone', () => {
    const [hour, minute] = [3_600_000, 60_000]
    const none = { site: 'paris', maxTimeMs: null, idleTimeMs: null, daily: null }
    expect(rules('automaticLogout: { maxTime: 12h }')).toEqual({ ...none, maxTimeMs: 12 * hour })
    expect(rules('automaticLogout: { idleTime: 1h30m }')).toEqual({ ...none, idleTimeMs: 90 * minute })
    const daily = { hour: 20, minute: 5, timezone: 'Europe/Paris' }
    expect(rules('timezone: Europe/Paris\nautomaticLogout: { daily: "20:05" }')).toEqual({ ...none, daily })
    expect(rules('timezone: Europe/Paris\nautomaticLogout: { maxTime: 2d, idleTime: 90s, daily: "20:05" }')).toEqual({
      site: 'paris',
      maxTimeMs: 48 * hour,
      idleTimeMs: 1.5 * minute,
      daily,
    })
  })

  test.each([
    ['automaticLogout: { maxTime: 12 }', 'test.yaml:3:20', 'expected a time such as 12h, 90m or 1h30m, found "12"'],
    ['automaticLogout: { idleTime: 0h }', 'test.yaml:3:20', 'expected a time such as 12h, 90m or 1h30m, found "0h"'],
    ['automaticLogout: { idleTime: soon }', 'test.yaml:3:20', 'found "soon"'],
    ['automaticLogout:\n  daily: "24:00"', 'test.yaml:4:3', 'expected a time of day such as "20:00", found "24:00"'],
    ['automaticLogout: { daily: "20:00" }', 'test.yaml:3:20', 'automaticLogout.daily: needs timezone as well'],
    ['timezone: Mars/Olympus', 'test.yaml:3:1', 'expected a time zone such as Europe/Paris, found "Mars/Olympus"'],
    ['automaticLogout: { maxtime: 12h }', 'test.yaml:3:20', 'automaticLogout.maxtime: unknown key; known here: maxTime, idleTime, daily'],
  ])('%j is refused with its place and a reason', (lines, place, reason) => {
    expect(refusal(lines)).toContain(place)
    expect(refusal(lines)).toContain(reason)
  })
})
