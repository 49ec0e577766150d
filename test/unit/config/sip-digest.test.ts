import { describe, expect, test } from 'vitest'
import { type Config, parseConfig } from '../../../src/config/config.js'

function parse(sip: string, env: Record<string, string> = {}): Config['sip'] {
  const text = `node: paris-1\nsite: paris\nsip: { domain: hotdesk.example${sip} }\n`
  return parseConfig({ text, file: '/etc/hotdesk/hotdesk.yaml', env, cwd: '/', purpose: 'look' }).sip
}

describe('sip.digest and sip.aliases', () => {
  test('accept SHA-256, MD5, digests without qop and any name by default', () => {
    expect(parse('')).toMatchObject({ digest: { algorithms: ['SHA-256', 'MD5'], qop: 'optional' }, aliases: [] })
  })

  test('may be set in the file and by variables', () => {
    const written = ', digest: { algorithms: [SHA-256], qop: required }, aliases: [pbx.example, 192.0.2.7, "2001:db8::7"]'
    expect(parse(written)).toMatchObject({
      digest: { algorithms: ['SHA-256'], qop: 'required' },
      aliases: ['pbx.example', '192.0.2.7', '2001:db8::7'],
    })
    const env = { HOTDESK_SIP_DIGEST_ALGORITHMS: 'SHA-512-256, SHA-256', HOTDESK_SIP_ALIASES: 'pbx.example' }
    expect(parse('', env)).toMatchObject({ digest: { algorithms: ['SHA-512-256', 'SHA-256'] }, aliases: ['pbx.example'] })
  })

  test.each([
    [', digest: { algorithms: [SHA-1] }', /sip\.digest\.algorithms\[0\]: expected one of SHA-512-256, SHA-256, MD5, found "SHA-1"/],
    [', digest: { algorithms: [] }', /sip\.digest\.algorithms: missing: expected at least one algorithm/],
    [', digest: { qop: auth }', /sip\.digest\.qop: expected optional or required, found "auth"/],
    [', aliases: ["pbx example"]', /sip\.aliases\[0\]: expected a host name or an IP address/],
  ])('tell what is wrong with %s', (written, problem) => {
    expect(() => parse(written)).toThrow(problem)
  })
})
