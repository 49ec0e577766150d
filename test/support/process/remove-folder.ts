import { rm } from 'node:fs/promises'

/** Removes the folder of what a test started. Who was killed, or whose node was, may write there for a moment longer. */
export function removeFolder(path: string): Promise<void> {
  return rm(path, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 })
}
