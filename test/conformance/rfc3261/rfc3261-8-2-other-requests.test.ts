import { describe, expect, it } from 'vitest'
import { respondToOtherRequests } from '../../../src/registrar/unsupported-methods.js'
import { createSipPort, type RequestParts } from '../../support/sip/registrar-bench.js'

function answerTo(parts: RequestParts) {
  const port = createSipPort()
  respondToOtherRequests(port.srf)
  return port.deliver(parts)
}

describe('RFC 3261 §8.2: a request outside a dialog that does not start a call', () => {
  it('§8.2.1: a method that is not supported MUST get 405 with Allow', () => {
    for (const method of ['MESSAGE', 'PUBLISH']) {
      const answer = answerTo({ method })
      expect([answer.status, answer.lines('Allow')]).toEqual([405, [expect.stringContaining('INVITE')]])
      expect(answer.lines('Allow')[0]).not.toContain(method)
    }
  })

  it('§8.2.2.1: a Request-URI of an unknown scheme SHOULD get 416', () => {
    expect(answerTo({ method: 'OPTIONS', uri: 'soap.beep://192.0.2.103:3002' }).status).toBe(416)
  })

  it('§8.2.2.3: an extension that is required and unknown MUST get 420 with Unsupported', () => {
    const answer = answerTo({ method: 'OPTIONS', headers: { Require: 'nothingSupportsThis, nothingSupportsThisEither' } })
    expect([answer.status, answer.lines('Unsupported')]).toEqual([420, ['nothingSupportsThis, nothingSupportsThisEither']])
  })
})
