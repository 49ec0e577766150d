import { describe, expect, it } from 'vitest'
import type { Extension } from '../../../../src/base/identity.js'
import { silentLogger } from '../../../../src/base/logger.js'
import { createCallerNames } from '../../../../src/calls/identity/caller-names.js'
import { loadDialplan } from '../../../../src/dialplan/dialplan.js'
import type { User } from '../../../../src/directory/directory.js'
import { anonymous } from '../../../../src/sip/identity/party.js'

const plan = loadDialplan({
  text: JSON.stringify({ site: 'paris', country: 'FR', extensions: ['10X'], outside: '0' }),
  file: 'paris.yaml',
  log: silentLogger(),
})
const books: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  '': { '+33612345678': 'Florist', '101': 'Not Bob', '3000': 'Porter', anonymous: 'Nobody' },
  '100': { '+33612345678': 'Mum', anonymous: 'Nobody' },
}
const names = createCallerNames({
  directory: { user: (extension) => (extension === '101' ? ({ name: 'Bob' } as User) : null) },
  contacts: {
    nameOf: (forms, owner) => forms.map((form) => books[owner ?? '']?.[form]).find((name) => name !== undefined) ?? null,
  },
})
const shown = (user: string, number: string, name = '', isPrivate = false): string =>
  names.shownTo(user as Extension, { name, number, isPrivate, isAsserted: true }, plan).name

describe('a caller from outside has the name', () => {
  it.each([
    ['of the personal phone book, in whatever form the trunk writes the number', '100', '0612345678', 'Mum'],
    ['of the personal phone book before that of the trunk', '100', '+33612345678', 'Mum'],
    ['of the central phone book for another user', '102', '0033612345678', 'Florist'],
    ['of the central phone book by a number without international form', '102', '3000', 'Porter'],
    ['that the trunk gives if no phone book has the number', '100', '+33699999999', 'Given'],
  ])('%s', (_, user, number, name) => {
    expect(shown(user, number, 'Given')).toBe(name)
  })

  it('of nobody if the caller is anonymous', () => {
    expect(shown('100', '+33612345678', '', true)).toBe('')
    expect(names.shownTo('100' as Extension, anonymous, plan)).toBe(anonymous)
  })
})

it('a user of the network has their own name, whatever a phone book says', () => {
  expect(shown('100', '101', 'Bob')).toBe('Bob')
})
