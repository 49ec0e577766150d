import { describe, expect, it } from 'vitest'
import { createKeys, isExpiring, isReplicated, replicatedPrefixes } from '../../../src/store/keys.js'

describe('keys', () => {
  it('carry the network as their hash tag, so that a network is one slot of a cluster', () => {
    const keys = createKeys('hd')
    expect(keys.tag).toBe('{hd}')
    expect(keys.full('user:100')).toBe('{hd}:user:100')
    expect(keys.short('{hd}:user:100')).toBe('user:100')
    expect(keys.short('{hd2}:user:100')).toBeNull()
    expect(keys.short('{hd}user:100')).toBeNull()
  })

  it('replicate no stream and no counter', () => {
    for (const key of ['events', 'calls:100', 'attempts:100', 'oncall:HD0001']) expect(isReplicated(key)).toBe(false)
    for (const key of ['users', 'devices', 'user:100', 'reg:HD0001']) expect(isReplicated(key)).toBe(true)
    expect(isExpiring('reg:HD0001')).toBe(true)
    expect(isExpiring('user:100')).toBe(false)
  })

  it('have no prefix that begins another, which Redis would refuse to track', () => {
    for (const one of replicatedPrefixes)
      for (const other of replicatedPrefixes) expect(one === other || !other.startsWith(one), `${one} ${other}`).toBe(true)
  })
})
