import type { Extension } from '../base/identity.js'
import type { Logger } from '../base/logger.js'
import type { Directory } from './contract.js'

export interface ReservedWatchNeeds {
  readonly directory: Pick<Directory, 'users' | 'user' | 'onUserChange'>
  /** Why no user may have this extension; null: a user may. */
  readonly reserved: (extension: Extension) => string | null
  readonly log: Logger
}

/**
 * Logs each user whom nobody can call because the dial plan gives the extension another meaning. Runs until the directory is closed. Answers a
 * function that looks at all users again.
 */
export function watchReserved({ directory, reserved, log }: ReservedWatchNeeds): () => void {
  function look(extension: Extension): void {
    const user = directory.user(extension)
    const reason = user && reserved(extension)
    if (!user || reason === null) return
    const words = `${reason}, and the extension of ${user.name}: nobody can call this user; give another extension`
    log.error({ event: 'directory.reserved', extension }, words)
  }
  const lookAtAll = (): void => {
    for (const { extension } of directory.users()) look(extension)
  }
  lookAtAll()
  directory.onUserChange(look)
  return lookAtAll
}
