import { describe, expect, it } from 'vitest'
import { sessionDescription } from '../../../../src/calls/bridge/session-description.js'
import { multipart } from '../../../../src/sip/message/multipart.js'

const sdp = 'v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\n'
const xml = '<CiscoIPPhoneExecute><ExecuteItem URL="Dial:100"/></CiscoIPPhoneExecute>'

function message(type: string, body: string) {
  return { header: (name: string) => (name === 'Content-Type' ? type : ''), body }
}

describe('the session description of a message', () => {
  it.each(['', 'application/sdp', 'Application/SDP;charset=utf-8'])('is its body of type %j', (type) => {
    expect(sessionDescription(message(type, sdp))).toBe(sdp)
  })

  it('is one of several parts, and the other parts are not passed on', () => {
    const parts = [
      { headers: { 'Content-Type': 'application/x-cisco-remotecc-request+xml' }, content: xml },
      { headers: { 'Content-Type': 'application/sdp', 'Content-Disposition': 'session' }, content: sdp },
      { headers: { 'Content-Type': 'application/isup' }, content: 'x' },
    ]
    const { type, body } = multipart('mixed', parts)
    for (const spelling of [type, type.replace(/boundary=(.*)/, 'boundary="$1"'), type.replace('mixed', 'Related;start="<a>"')])
      expect(sessionDescription(message(spelling, body))).toBe(sdp)
  })

  it.each([
    ['has no such part', 'multipart/mixed;boundary=b', `--b\r\nContent-Type: text/xml\r\n\r\n${xml}\r\n--b--\r\n`],
    ['has no boundary', 'multipart/mixed', `--b\r\nContent-Type: application/sdp\r\n\r\n${sdp}\r\n--b--\r\n`],
    ['is not closed', 'multipart/mixed;boundary=b', `--b\r\nContent-Type: application/sdp\r\n\r\n${sdp}`],
    ['has a part without an end of its head', 'multipart/mixed;boundary=b', '--b\r\nContent-Type: application/sdp\r\n--b--\r\n'],
    ['is empty', '', ''],
  ])('is empty if the body %s', (_, type, body) => {
    expect(sessionDescription(message(type, body))).toBe('')
  })
})
