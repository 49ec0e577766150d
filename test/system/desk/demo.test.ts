import { expect, test } from 'vitest'
import { createWorkplace } from '../../support/node/program.js'

test('hotdesk demo plays every step of its story on free ports, and ends with 0', { timeout: 90_000 }, async () => {
  const place = await createWorkplace()
  try {
    const demo = place.run(['demo'])
    const code = await demo.exited
    const output = demo.output()
    expect(output).not.toContain('✗')
    expect(output.match(/✓ node (paris|london)-1 .* is up/g)).toHaveLength(2)
    expect(output).toMatch(/Done: \d+ steps, all verified\./)
    expect(code).toBe(0)
  } finally {
    await place.close()
  }
})
