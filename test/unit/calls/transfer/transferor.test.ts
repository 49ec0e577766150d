import { describe, expect, it } from 'vitest'
import type { Extension } from '../../../../src/base/identity.js'
import { transferorNow } from '../../../../src/calls/transfer/transferor.js'
import { alice, bob, deviceOf, ext } from '../routing/scene.js'

describe('the phone that transfers a call', () => {
  const now = (users: readonly (typeof alice)[], present: Extension | null) =>
    transferorNow(
      { device: deviceOf('HD0001'), user: alice },
      {
        directory: { user: (extension) => users.find((each) => each.extension === extension) ?? null },
        hotdesk: { userOn: () => present },
      },
    ).user

  it('has the record that its user has now', () => {
    const changed = { ...alice, rights: 'lobby' }
    expect(now([changed, bob], ext('101'))).toBe(changed)
  })

  it('has the new record of a user who was renamed during the call', () => {
    const renamed = { ...alice, extension: ext('115') }
    expect(now([renamed, bob], ext('115'))).toBe(renamed)
  })

  it('has no user if the user was removed and nobody is logged in', () => {
    expect(now([bob], null)).toBeNull()
  })
})
