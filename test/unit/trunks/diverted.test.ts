import { describe, expect, it } from 'vitest'
import type { Trunk } from '../../../src/dialplan/dialplan.js'
import type { Diversion } from '../../../src/sip/diversion/diversion.js'
import { dialplan, open, trunkNamed } from '../../support/sip/trunk-bench.js'

const first = trunkNamed('first')
const caller = { name: 'Eve', number: '+44123', isPrivate: false, isAsserted: true }
const byAlice: Diversion = { number: '100', name: 'Alice', reason: 'user-busy', times: 1, isPrivate: false }

function headersAt(trunk: Trunk, diversions: readonly Diversion[]): Readonly<Record<string, unknown>> {
  return open().trunks.forwarded(trunk, { number: '+33612345678', party: caller, diversions, plan: dialplan }).parts.headers ?? {}
}

describe('a forwarded call over a trunk', () => {
  const alice = '"Alice" <sip:+33199000100@192.0.2.20>;reason=user-busy;counter=1;privacy=off'
  const history =
    '"Alice" <sip:+33199000100@192.0.2.20?Reason=SIP%3Bcause%3D486>;index=1, ' +
    '<sip:+33612345678@192.0.2.20:5060;transport=udp;cause=486>;index=1.1;mp=1'

  it.each([
    [undefined, alice, undefined],
    ['history-info', undefined, history],
    ['both', alice, history],
    ['none', undefined, undefined],
  ] as const)('carries the headers of the setting: %s', (diversion, expected, expectedHistory) => {
    const headers = headersAt({ ...first, ...(diversion && { diversion }) }, [byAlice])
    expect([headers.Diversion, headers['History-Info']]).toEqual([expected, expectedHistory])
  })

  it('shows the number of the trunk for a user without one', () => {
    expect(headersAt(first, [{ ...byAlice, number: '109', name: '' }]).Diversion).toContain('<sip:+33199000109@192.0.2.20>')
    expect(headersAt({ ...first, callerId: '+331' }, [{ ...byAlice, number: 'HD0001', name: '' }]).Diversion).toContain(
      '<sip:+331@192.0.2.20>',
    )
  })

  it('hides who has asked for it, unless the trunk is in the trust domain', () => {
    const hidden = { ...byAlice, isPrivate: true }
    expect(headersAt(first, [hidden]).Diversion).toBe('<sip:anonymous@anonymous.invalid>;reason=user-busy;counter=1;privacy=full')
    expect(headersAt({ ...first, trust: 'full' }, [hidden]).Diversion).toContain('<sip:+33199000100@192.0.2.20>;')
  })

  it('shows the original caller, or the forwarder to a trunk that wants its own numbers', () => {
    expect(headersAt(first, [byAlice]).From).toBe('"Eve" <sip:+44123@192.0.2.20>')
    expect(headersAt({ ...first, forwardedCaller: 'forwarder' }, [byAlice]).From).toBe('"Alice" <sip:+33199000100@192.0.2.20>')
    expect(headersAt({ ...first, forwardedCaller: 'forwarder' }, []).From).toBe('"Eve" <sip:+44123@192.0.2.20>')
  })
})
