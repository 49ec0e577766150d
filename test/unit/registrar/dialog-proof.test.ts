import { describe, expect, it } from 'vitest'
import type { DeviceId } from '../../../src/base/identity.js'
import type { Authentication } from '../../../src/registrar/authentication/authenticator.js'
import { createDialogProof, type DialogProofNeeds } from '../../../src/registrar/authentication/dialog-proof.js'
import type { SipSource } from '../../../src/srf/srf.js'
import { HD0001, incoming, natSource } from '../../support/sip/registrar-bench.js'

type Binding = ReturnType<DialogProofNeeds['bindings']['of']>[number]

/** The phone has begun the dialog at `natSource`. */
function ask(method: string, source: SipSource, { flow = '', proves = null as DeviceId | null } = {}) {
  const outcome: Authentication = proves ? { outcome: 'device', device: proves, digest: 'SHA-256' } : { outcome: 'challenged' }
  let wasAsked = false
  const proof = createDialogProof({
    bindings: { of: () => (flow === '' ? [] : [{ flow } as Binding]) },
    authenticator: {
      authenticate() {
        wasAsked = true
        return outcome
      },
    },
  })
  const { request, answer } = incoming({ method, uri: 'sip:192.0.2.10:5060', headers: {}, source })
  const isProven = proof(request, { device: HD0001, began: natSource })
  return { isProven, wasAsked, statuses: request.responded ? [answer().status] : [] }
}

const otherPort = { ...natSource, port: 4_031 }
const otherProtocol = { ...natSource, protocol: 'tcp' as const }
const otherAddress = { ...natSource, address: '203.0.113.90' }
const admitted = { isProven: true, wasAsked: false, statuses: [] }
const challenged = { isProven: false, wasAsked: true, statuses: [] }

describe('a request in the dialog of a phone', () => {
  it.each(['REFER', 'INVITE', 'INFO'])('%s is accepted from where the dialog began', (method) => {
    expect(ask(method, natSource)).toEqual(admitted)
  })

  it.each([
    ['REFER', 'another port', otherPort],
    ['REFER', 'another protocol', otherProtocol],
    ['REFER', 'another address', otherAddress],
    ['INVITE', 'another address', otherAddress],
    ['MESSAGE', 'another address', otherAddress],
  ])('%s from %s is challenged (RFC 3515 §5)', (method, _, source) => {
    expect(ask(method, source)).toEqual(challenged)
  })

  it.each([
    ['INVITE', 'another port', otherPort],
    ['INFO', 'another protocol', otherProtocol],
  ])('%s from %s of the same address is accepted: NAT may have changed it', (method, _, source) => {
    expect(ask(method, source)).toEqual(admitted)
  })

  it('is accepted from where the phone is registered', () => {
    expect(ask('REFER', otherAddress, { flow: `sip:203.0.113.90:${natSource.port};transport=udp` })).toEqual(admitted)
  })

  it('is accepted from anywhere with the password of the phone, and refused with that of another one', () => {
    expect(ask('REFER', otherAddress, { proves: HD0001 })).toEqual({ ...admitted, wasAsked: true })
    expect(ask('REFER', otherAddress, { proves: 'HD0002' as DeviceId })).toEqual({ ...challenged, statuses: [403] })
  })
})
