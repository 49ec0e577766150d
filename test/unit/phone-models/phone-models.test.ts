import { describe, expect, it } from 'vitest'
import { type Make, modelIn, modelOf, readUserAgent } from '../../../src/phone-models/phone-models.js'

describe('a phone calls itself', () => {
  it.each([
    ['Yealink SIP-T54W 96.86.0.20 00:15:65:1a:2b:3c', 'yealink', 'T54W', '0015651a2b3c', '96.86.0.20'],
    ['Yealink SIP-T46U 108.86.0.90 0015651a2b3c', 'yealink', 'T46U', '0015651a2b3c', '108.86.0.90'],
    ['Yealink AX83H 180.86.0.5 00:15:65:1a:2b:3c', 'yealink', 'AX83H', '0015651a2b3c', '180.86.0.5'],
    ['Mozilla/4.0 (compatible; snomD785-SIP 10.1.33.33 2010.12 0015651A2B3C SXM:0 UXM:0)', 'snom', 'D785', '0015651a2b3c', '10.1.33.33'],
    ['snom370/8.7.5.35', 'snom', '370', null, '8.7.5.35'],
    ['Grandstream Model HW GRP2614 V1.6A SW 1.0.5.15 DevId 0015651a2b3c', 'grandstream', 'GRP2614', '0015651a2b3c', '1.0.5.15'],
    ['Grandstream GXP2170 1.0.11.74', 'grandstream', 'GXP2170', null, '1.0.11.74'],
    ['FileTransport PolycomVVX-VVX_450-UA/6.4.6.2494 (SN:0015651a2b3c) Type/Application', 'poly', 'VVX_450', '0015651a2b3c', '6.4.6.2494'],
    ['PolyEdge-Edge_E350-UA/8.1.0.1234', 'poly', 'Edge_E350', null, '8.1.0.1234'],
    ['Fanvil X5U-V2 2.12.16.17 0015651a2b3c', 'fanvil', 'X5U-V2', '0015651a2b3c', '2.12.16.17'],
    ['Fanvil X6U Pro 2.12.16 0015651a2b3c', 'fanvil', 'X6U Pro', '0015651a2b3c', '2.12.16'],
    [
      'Gigaset N870 IP PRO/83.V2.11.0+build.a546b91;0015651A2B3C;Handset=1',
      'gigaset',
      'N870 IP PRO',
      '0015651a2b3c',
      '83.V2.11.0+build.a546b91',
    ],
    ['Cisco-CP-8851-3PCC/12.0.7 (0015651a2b3c)', 'cisco', '8851', '0015651a2b3c', '12.0.7'],
  ])('%s', (text, make, model, mac, firmware) => {
    expect(readUserAgent(text)).toEqual({ make, model, mac, firmware })
  })

  it.each(['', 'baresip v1.0.0', 'Linphone/5.1', 'Cisco/SPA504G-7.6.2', 'Mozilla/5.0 (X11; Linux x86_64)'])(
    '%j, which has no template',
    (text) => {
      expect(readUserAgent(text)).toBe(null)
    },
  )
})

describe('a model', () => {
  it.each<[Make, string, string, number]>([
    ['yealink', 'T54W', 'yealink', 27],
    ['yealink', 'Yealink SIP-T46S', 'yealink', 27],
    ['yealink', 'T540', 'yealink', 2],
    ['snom', 'D785N', 'snom', 24],
    ['grandstream', 'GRP2614', 'grandstream', 40],
    ['poly', 'VVX_450', 'poly', 12],
    ['fanvil', 'X5U-V2', 'fanvil', 34],
    ['fanvil', 'X5', 'fanvil', 40],
    ['gigaset', 'N870 IP PRO', 'gigaset-n', 0],
    ['gigaset', 'Maxwell 3', 'gigaset-maxwell', 8],
    ['gigaset', 'P850', 'snom', 36],
    ['cisco', '8851', 'cisco', 10],
    ['generic', '', 'generic', 24],
  ])('%s %s is of the family %s and has %i keys', (make, name, family, keys) => {
    expect(modelOf(make, name)).toMatchObject({ family, keys })
  })

  it('is found by what the phone calls itself, else by its record, else it is generic', () => {
    expect(modelIn('Yealink SIP-T54W 96.86', 'Snom D785')).toMatchObject({ make: 'yealink', name: 'T54W' })
    expect(modelIn(null, 'Snom D785')).toMatchObject({ make: 'snom', name: 'D785' })
    expect(modelIn('Linphone/5.1', null)).toMatchObject({ make: 'generic', name: '' })
  })
})
