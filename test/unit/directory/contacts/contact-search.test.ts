import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createSearch, inOrder, searchForm } from '../../../../src/directory/contacts/contact-search.js'

const finds = (text: string, name: string, number = '+442079460100'): boolean => createSearch(text)(searchForm({ name, number }))

describe('a search in a phone book', () => {
  it.each([
    ['mart', 'Alice Martin', true],
    ['ali mar', 'Alice Martin', true],
    ['mar ali', 'Alice Martin', true],
    ['artin', 'Alice Martin', false],
    ['ali nov', 'Alice Martin', false],
    ['MUL', 'Jürgen Müller', true],
    ['mueller', 'Jürgen Müller', true],
    ['müller', 'Jurgen Muller', true],
    ['strasse', 'Straße', true],
    ['soren', 'Søren Łukasz', true],
    ['lukasz', 'Søren Łukasz', true],
    ['neill', "Siobhán O'Neill", true],
    ['Иван', 'иван Петров', true],
    ['', 'Alice Martin', true],
    ['?', 'Alice Martin', true],
  ])('for %j in %j: %s', (text, name, isFound) => {
    expect(finds(text, name)).toBe(isFound)
  })

  it.each([
    ['7946', true],
    ['020 7946-0100', true],
    ['+44 (20)', true],
    ['00', true],
    ['9', false],
    ['5555', false],
  ])('for digits %j in +442079460100: %s', (text, isFound) => {
    expect(finds(text, 'Taxi')).toBe(isFound)
  })

  it('finds each name by each beginning of each of its words', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 30 }), (name) => {
        for (const word of name.split(/\s+/)) expect(finds(word, name)).toBe(true)
      }),
    )
  })
})

it('a phone book is in the order of names as people read them, whatever their case, accents and numbers', () => {
  const names = ['desk 10', 'Desk 2', 'Émile', 'emma', 'Zoë', 'Ärztin', 'Bob']
  const book = inOrder(
    names.map((name) => ({ name, number: '1' })),
    searchForm,
  )
  expect(book.map(({ name }) => name)).toEqual(['Ärztin', 'Bob', 'Desk 2', 'desk 10', 'Émile', 'emma', 'Zoë'])
})
