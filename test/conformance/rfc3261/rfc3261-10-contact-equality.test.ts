import { describe, expect, it } from 'vitest'
import { sameUri } from '../../../src/sip/uri/uri-equality.js'

/** The examples of RFC 3261 §19.1.4 and a few of ours. */
const equal = [
  ['sip:%61lice@atlanta.com;transport=TCP', 'sip:alice@AtLanTa.CoM;Transport=tcp'],
  ['sip:carol@chicago.com', 'sip:carol@chicago.com;newparam=5'],
  ['sip:carol@chicago.com', 'sip:carol@chicago.com;security=on'],
  [
    'sip:biloxi.com;transport=tcp;method=REGISTER?to=sip:bob%40biloxi.com',
    'sip:biloxi.com;method=REGISTER;transport=tcp?to=sip:bob%40biloxi.com',
  ],
  ['sip:alice@atlanta.com?subject=project%20x&priority=urgent', 'sip:alice@atlanta.com?priority=urgent&subject=project%20x'],
  ['sip:a@[2001:DB8::1]', 'sip:a@[2001:db8::1]'],
] as const

const different = [
  ['SIP:ALICE@AtLanTa.CoM;Transport=udp', 'sip:alice@AtLanTa.CoM;Transport=UDP'],
  ['sip:bob@biloxi.com', 'sip:bob@biloxi.com:5060'],
  ['sip:bob@biloxi.com', 'sip:bob@biloxi.com;transport=udp'],
  ['sip:bob@biloxi.com', 'sip:bob@biloxi.com:6000;transport=tcp'],
  ['sip:carol@chicago.com', 'sip:carol@chicago.com?Subject=next%20meeting'],
  ['sip:bob@phone21.boxesbybob.com', 'sip:bob@192.0.2.4'],
  ['sip:carol@chicago.com;security=on', 'sip:carol@chicago.com;security=off'],
  ['sip:a@x.example', 'sips:a@x.example'],
  ['sip:a@x.example', 'sip:x.example'],
  ['sip:a:b@x.example', 'sip:a@x.example'],
] as const

describe('RFC 3261 §10.3 step 7: contacts are compared by the rules of §19.1.4', () => {
  it.each(equal)('%s equals %s', (left, right) => {
    expect([sameUri(left, right), sameUri(right, left)]).toEqual([true, true])
  })

  it.each(different)('%s differs from %s', (left, right) => {
    expect([sameUri(left, right), sameUri(right, left)]).toEqual([false, false])
  })
})
