import { describe, expect, it } from 'vitest'
import {
  canonicalAddress,
  familyOf,
  isInternal,
  isLinkLocal,
  isLoopback,
  isPrivate,
  isUniqueLocal,
  isWildcard,
  localTarget,
} from '../../../src/base/ip-address.js'

describe('this machine is reached at', () => {
  it.each(['127.0.0.1', '127.255.255.254', '::1', '0:0:0:0:0:0:0:1', '::ffff:127.0.0.1', '::ffff:7f00:1', 'localhost'])('%s', (host) => {
    expect(isLoopback(host)).toBe(true)
  })
})

describe('this machine is not reached at', () => {
  const others = ['126.255.255.255', '128.0.0.1', '10.127.0.1', '::', '::2', '::ffff:10.0.0.1', '2001:db8::1', '0.0.0.0']
  const names = ['127.example.com', '127.0.0.1.example.com', 'localhost.example.com', '0.example.com', '']
  it.each([...others, ...names])('%o', (host) => {
    expect(isLoopback(host)).toBe(false)
  })
})

describe('the range of', () => {
  it.each([
    ['10.1.2.3', { private: true, internal: true }],
    ['172.16.0.1', { private: true, internal: true }],
    ['172.15.255.255', { private: false, internal: false }],
    ['172.31.255.255', { private: true, internal: true }],
    ['172.32.0.1', { private: false, internal: false }],
    ['192.168.178.20', { private: true, internal: true }],
    ['192.0.2.7', { private: false, internal: false }],
    ['169.254.1.1', { private: true, internal: true }],
    ['100.64.0.1', { private: false, internal: true }],
    ['100.127.255.255', { private: false, internal: true }],
    ['100.128.0.1', { private: false, internal: false }],
    ['127.0.0.1', { private: false, internal: true }],
    ['::1', { private: false, internal: true }],
    ['fd00::2', { private: true, internal: true }],
    ['FD00::2', { private: true, internal: true }],
    ['fd::2', { private: false, internal: false }],
    ['fe80::1', { private: true, internal: true }],
    ['febf::1%eth0', { private: true, internal: true }],
    ['fec0::1', { private: false, internal: false }],
    ['::ffff:192.168.0.1', { private: true, internal: true }],
    ['2001:db8::1', { private: false, internal: false }],
    ['10.example.com', { private: false, internal: false }],
  ])('%s is %o', (address, expected) => {
    expect({ private: isPrivate(address), internal: isInternal(address) }).toEqual(expected)
  })

  it('a link-local address is not that of a unique local one, nor the other way round', () => {
    expect([isLinkLocal('fe80::1'), isUniqueLocal('fe80::1')]).toEqual([true, false])
    expect([isLinkLocal('fdff::1'), isUniqueLocal('fdff::1')]).toEqual([false, true])
  })
})

it.each([
  ['0.0.0.0', '127.0.0.1'],
  ['::', '::1'],
  ['192.0.2.7', '192.0.2.7'],
])('a client on this machine reaches a socket bound to %s at %s', (bound, target) => {
  expect(localTarget(bound)).toBe(target)
  expect(isWildcard(bound)).toBe(bound !== target)
})

it.each([
  ['192.0.2.7', 'IPv4'],
  ['2001:db8::1', 'IPv6'],
  ['::ffff:192.0.2.7', 'IPv6'],
  ['fe80::1%eth0', 'IPv6'],
  ['phones.example.com', null],
])('the family of %s is %s', (host, family) => {
  expect(familyOf(host)).toBe(family)
})

it.each([
  ['2001:DB8:0:0:0:0:0:7', '2001:db8::7'],
  ['FE80::1%eth0', 'fe80::1%eth0'],
  ['::ffff:192.0.2.1', '192.0.2.1'],
  ['::FFFF:c000:201', '192.0.2.1'],
  ['192.0.2.1', '192.0.2.1'],
  ['phones.example.com', 'phones.example.com'],
])('%s is written %s', (address, spelling) => {
  expect(canonicalAddress(address)).toBe(spelling)
})
