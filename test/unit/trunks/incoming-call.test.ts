import { describe, expect, it } from 'vitest'
import type { IncomingRequest } from '../../../src/srf/srf.js'
import { callerOf as callerFrom } from '../../../src/trunks/identity.js'
import { incoming } from '../../support/sip/registrar-bench.js'
import { dialplan, open } from '../../support/sip/trunk-bench.js'

describe('a call from a trunk', () => {
  const bob = '"Bob" <sip:+44207946000@carrier.example>;tag=1'
  const hidden = '"Anonymous" <sip:anonymous@anonymous.invalid>;tag=1'
  const { callerOf, ...trunks } = open().trunks
  const calledNumber = (request: IncomingRequest) => trunks.calledNumber(request, dialplan)
  const invite = (headers: Readonly<Record<string, string>>, uri = 'sip:+33199000101@192.0.2.10') =>
    incoming({ method: 'INVITE', uri, headers }).request

  it.each([
    [{ From: bob }, { name: 'Bob', number: '+44207946000' }],
    [{ From: '<sip:+44207;npdi@y>;tag=1' }, { name: '', number: '+44207' }],
    [
      { From: bob, 'Remote-Party-ID': '<sip:+331@x>;party=calling' },
      { name: '', number: '+331' },
    ],
    [
      { From: bob, 'P-Asserted-Identity': 'garbage' },
      { name: 'Bob', number: '+44207946000' },
    ],
    [
      { From: bob, Privacy: 'none' },
      { name: 'Bob', number: '+44207946000' },
    ],
  ])('names its caller, who is not asserted: %j', (headers, party) => {
    expect(callerOf(invite(headers))).toEqual({ ...party, isPrivate: false, isAsserted: false })
  })

  it('has the name in From if the asserted number has none and is the number in From, not beside another number', () => {
    expect(callerOf(invite({ From: bob, 'P-Asserted-Identity': '<tel:+44-20-7946-000>' }))).toMatchObject({ name: 'Bob', isAsserted: true })
    expect(callerOf(invite({ From: bob, 'P-Asserted-Identity': '<tel:+44-20-7946-001>' }))).toMatchObject({ name: '', isAsserted: true })
    expect(callerOf(invite({ From: bob, 'P-Asserted-Identity': '"Robert" <tel:+44-20-7946-000>' }))).toMatchObject({ name: 'Robert' })
  })

  it.each([
    { From: '<sip:x@y>;tag=1', 'P-Asserted-Identity': '<tel:+44-20-7946-000>' },
    { From: '<sip:x@y>;tag=1', 'P-Asserted-Identity': '<sip:+44207946000@y>, <tel:+44-20-7946-000>', 'Remote-Party-ID': '<sip:1@x>' },
    { From: hidden, 'P-Asserted-Identity': '<tel:+44207946000>', Privacy: 'none' },
  ])('names its caller, who is asserted: %j', (headers) => {
    expect(callerOf(invite(headers))).toEqual({ name: '', number: '+44207946000', isPrivate: false, isAsserted: true })
  })

  it.each([
    { From: hidden },
    { From: 'nonsense' },
    { From: bob, Privacy: 'id' },
    { From: bob, Privacy: 'User' },
    { From: bob, Privacy: 'header;critical' },
    { From: hidden, 'P-Asserted-Identity': '<tel:+44207946000>' },
    { From: bob, 'P-Asserted-Identity': hidden },
    { From: bob, 'Remote-Party-ID': '<sip:+331@x>;privacy=full' },
  ])('hides a caller who wants to stay unknown: %j', (headers) => {
    expect(callerOf(invite(headers))).toEqual({ name: '', number: 'anonymous', isPrivate: true, isAsserted: false })
  })

  it.each([
    ['<tel:06-12-34-56-78;phone-context=+33>', '+33612345678'],
    ['<sip:0612345678;phone-context=+33@carrier.example;user=phone>', '+33612345678'],
    ['<tel:7042;phone-context=+1-914-555>', '+19145557042'],
    ['<tel:7042;phone-context=carrier.example>', '7042'],
    ['<tel:12;phone-context=+33>', '12'],
  ])('RFC 3966 §5.1.5: shows a number with the context that the trunk names: %s', (identity, number) => {
    expect(callerOf(invite({ From: '<sip:x@y>;tag=1', 'P-Asserted-Identity': identity }))).toMatchObject({ number })
    expect(callerOf(invite({ From: `${identity};tag=1` }))).toMatchObject({ number })
  })

  it('without trust asserts nothing: From alone counts', () => {
    const { request } = incoming({
      method: 'INVITE',
      uri: 'sip:1@x',
      headers: { From: bob, 'P-Asserted-Identity': '<tel:+331>', 'Remote-Party-ID': '<sip:+331@x>' },
    })
    expect(callerFrom(request, { trust: 'none' }, dialplan)).toEqual({
      name: 'Bob',
      number: '+44207946000',
      isPrivate: false,
      isAsserted: false,
    })
  })

  it('is for the number in the Request-URI', () => {
    expect(calledNumber(invite({ To: '<sip:+33199000102@y>' }))).toBe('+33199000101')
    expect(calledNumber(invite({}, 'tel:+33-1-99-00-01-01'))).toBe('+33199000101')
  })

  it.each([
    'tel:0199000101;phone-context=+33',
    'tel:199-000-101;npdi;phone-context=+33',
    'sip:0199000101;phone-context=+33@192.0.2.10;user=phone',
  ])('is for the number with the country code that is its context: %s', (uri) => {
    expect(calledNumber(invite({ To: '<sip:x@y>' }, uri))).toBe('+33199000101')
  })

  it('is for the number as written if its context is not a country code', () => {
    expect(calledNumber(invite({ To: '<sip:x@y>' }, 'tel:0199000101;phone-context=carrier.example'))).toBe('0199000101')
  })

  it('is for the number in To if the Request-URI names the trunk', () => {
    expect(calledNumber(invite({ To: '<sip:+33199000102@y>' }, 'sip:paris@192.0.2.10'))).toBe('+33199000102')
    expect(calledNumber(invite({ To: '<sip:+331@y>' }, 'sip:paris@192.0.2.10'))).toBe('paris')
  })
})
