import { describe, expect, test } from 'vitest'
import { allowsOrigin } from '../../../../src/sipd/transport/web/origin.js'

describe('RFC 6455 §10.2: the page that opens a WebSocket', () => {
  const phones = ['https://phones.example', 'http://test.example:8080']
  const table: readonly [what: string, headers: Record<string, string>, allowed: readonly string[], answer: boolean][] = [
    ['none: not a browser', { host: 'node.example:5061' }, [], true],
    ['none, with a list', { host: 'node.example:5061' }, phones, true],
    ['of the same host and another port', { host: 'node.example:5061', origin: 'https://node.example' }, [], true],
    ['of the same host in other letters', { host: 'NODE.example:5061', origin: 'https://node.Example' }, [], true],
    ['of the same IPv6 address', { host: '[2001:db8::1]:5061', origin: 'https://[2001:db8::1]:8443' }, [], true],
    ['of another host', { host: 'node.example:5061', origin: 'https://evil.example' }, [], false],
    ['of a host whose name begins alike', { host: 'node.example', origin: 'https://node.example.evil.example' }, [], false],
    ['of a host whose name ends alike', { host: 'node.example', origin: 'https://evilnode.example' }, [], false],
    ['of the same host in an address with a user', { host: 'node.example', origin: 'https://node.example@evil.example' }, [], false],
    ['without a Host to compare with', { origin: 'https://node.example' }, [], false],
    ['from a file or a sandbox', { host: 'node.example', origin: 'null' }, [], false],
    ['from an extension', { host: 'node.example', origin: 'chrome-extension://node.example' }, [], false],
    ['named twice', { host: 'node.example', origin: 'https://node.example, https://evil.example' }, [], false],
    ['empty', { host: 'node.example', origin: '' }, [], false],
    ['in the header of the drafts', { host: 'node.example', 'sec-websocket-origin': 'https://evil.example' }, [], false],
    ['on the list', { host: 'node.example', origin: 'https://phones.example' }, phones, true],
    ['on the list, the default port written out', { host: 'node.example', origin: 'https://phones.example:443' }, phones, true],
    ['on the list with its port', { host: 'node.example', origin: 'http://test.example:8080' }, phones, true],
    ['on the list with another port', { host: 'node.example', origin: 'http://test.example' }, phones, false],
    ['on the list with another scheme', { host: 'node.example', origin: 'http://phones.example' }, phones, false],
    ['of the same host, which is not on the list', { host: 'node.example', origin: 'https://node.example' }, phones, false],
    ['any, where all may', { host: 'node.example', origin: 'https://evil.example' }, ['*'], true],
    ['none, where all may', { host: 'node.example', origin: 'null' }, ['*'], true],
  ]

  test.each(table)('%s', (_what, headers, allowed, answer) => {
    expect(allowsOrigin({ headers }, allowed)).toBe(answer)
  })
})
