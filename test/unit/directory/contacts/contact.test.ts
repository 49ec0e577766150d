import { describe, expect, it } from 'vitest'
import { parseContactName, parseContactNumber } from '../../../../src/directory/contacts/contact.js'

describe('a contact', () => {
  it.each([
    ['+44 20 7946-0100', '+442079460100'],
    ['+44 (0)20 7946 0100', '+442079460100'],
    ['(020) 7946.0100', '02079460100'],
    ['０２０ ７９４６', '0207946'],
    ['*21*', '*21*'],
    ['020 x 12', null],
    ['', null],
    ['1'.repeat(33), null],
    ['+', null],
    ['1+2', null],
  ])('has the number %j as %j', (text, number) => {
    expect(parseContactNumber(text)).toBe(number)
  })

  it.each([
    [' Taxi ', 'Taxi'],
    ['a\nb', null],
    ['', null],
    ['x'.repeat(101), null],
  ])('has the name %j as %j', (text, name) => {
    expect(parseContactName(text)).toBe(name)
  })
})
