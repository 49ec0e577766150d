import { describe, expect, test } from 'vitest'
import { macIn } from '../../../src/provisioning/access/caller.js'

const mac = '0015651a2b3c'

describe('a client certificate', () => {
  test.each([
    [{ CN: '0015651A2B3C' }, mac],
    [{ CN: '00:15:65:1A:2B:3C' }, mac],
    [{ CN: 'SEP0015651A2B3C' }, mac],
    [{ OU: 'CP-8841-3PCC', ST: mac, L: 'FCH21' }, mac],
    [{ CN: 'Yealink Equipment Issuing CA' }, null],
    [{ CN: 'yealink.com 0015651A2B3C' }, null],
    [undefined, null],
  ])('of subject %j means %s', (subject, expected) => {
    expect(macIn(subject as never)).toBe(expected)
  })
})
