import { expect, test } from 'vitest'
import { createEmitter } from '../../../src/base/emitter.js'
import type { Extension } from '../../../src/base/identity.js'
import { createRelayedLogger } from '../../../src/base/logger.js'
import type { User } from '../../../src/directory/directory.js'
import { watchReserved } from '../../../src/directory/directory.js'

test('a node names each user whose extension has another meaning at its site, from the start and later', () => {
  const users = new Map([
    ['100', 'Alice'],
    ['112', 'Bob'],
  ])
  const changes = createEmitter<[Extension]>(() => undefined)
  const said: string[] = []
  const log = createRelayedLogger('error', (line) => void said.push((JSON.parse(line) as { msg: string }).msg))
  const user = (extension: Extension): User | null => {
    const name = users.get(extension)
    return name === undefined ? null : ({ extension, name } as User)
  }
  watchReserved({
    directory: {
      users: () => Array.from(users.keys(), (extension) => user(extension as Extension) as User),
      user,
      onUserChange: changes.on,
    },
    reserved: (extension) => (extension === '100' ? null : `${extension} is an emergency number of paris`),
    log,
  })
  const words = (extension: string, name: string): string =>
    `${extension} is an emergency number of paris, and the extension of ${name}: nobody can call this user; give another extension`
  expect(said).toEqual([words('112', 'Bob')])
  users.set('115', 'Eve')
  changes.emit('115' as Extension)
  changes.emit('100' as Extension)
  changes.emit('999' as Extension)
  expect(said).toEqual([words('112', 'Bob'), words('115', 'Eve')])
})
