import { expect, test } from 'vitest'
import { createOutbox } from '../../../src/sipd/admin/outbox.js'

const message = Buffer.alloc(1_000)

test('bytes in the socket are not counted twice, unless they are kept for a later connection', () => {
  const outbox = createOutbox()
  const send = (): void => {
    for (let sent = 0; sent < 200; sent += 1) outbox.append('sip', message)
  }
  send()
  expect(outbox.size).toBeGreaterThan(200_000)
  const chunks = outbox.take()
  expect(outbox.size).toBe(0)
  for (const { written } of chunks) written()
  outbox.keep()
  send()
  outbox.take()
  expect(outbox.size).toBeGreaterThan(200_000)
})
