import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { afterEach, expect, test } from 'vitest'
import type { LiveTransactionLayer } from '../../../../src/sipd/transaction/open-transaction-layer.js'
import { isStunRequest, stunResponse } from '../../../../src/sipd/transport/stun.js'
import { openLayer } from '../../../support/sip/sip-pair.js'

const opened: LiveTransactionLayer[] = []
afterEach(async () => {
  await Promise.all(opened.splice(0).map((layer) => layer.close()))
})

const id = 'b7e7a701bc34d686fa87dfae'
const request = Buffer.from(`000100002112a442${id}`, 'hex')

/** The values of RFC 5769 §2.2 and §2.3, whose responses carry other attributes as well. */
test('RFC 5769: the mapped address is masked as in the sample responses', () => {
  expect(stunResponse(request, { address: '192.0.2.1', port: 32_853 }).toString('hex')).toBe(
    `0101000c2112a442${id}002000080001a147e112a643`,
  )
  expect(stunResponse(request, { address: '2001:db8:1234:5678:11:2233:4455:6677', port: 32_853 }).toString('hex')).toBe(
    `010100182112a442${id}002000140002a1470113a9faa5d3f179bc25f4b5bed2b9d9`,
  )
})

test.each([
  ['OPTIONS sip:x SIP/2.0\r\n\r\n', false],
  [Buffer.alloc(40), false],
  [request.subarray(0, 19), false],
  [request, true],
])('%j is a Binding request: %s', (bytes, expected) => {
  expect(isStunRequest(Buffer.from(bytes as Buffer))).toBe(expected)
})

test('RFC 5626 §5.4: the SIP port responds to a keep-alive with its source address', async () => {
  const layer = await openLayer()
  opened.push(layer)
  const phone = createSocket('udp4')
  phone.bind(0, '127.0.0.1')
  await once(phone, 'listening')
  const answered = once(phone, 'message') as Promise<[Buffer]>
  phone.send(request, layer.listening[0]?.local.port ?? 0, '127.0.0.1')
  const [answer] = await answered
  expect(answer).toEqual(stunResponse(request, phone.address()))
  expect(layer.counts().malformed).toBe(0)
  await new Promise<void>((resolve) => phone.close(() => resolve()))
})
