import type { Store } from '../../../src/store/store.js'

/** Calls the listener with each phone whose record has a new epoch, which makes its node refresh it. */
export function onNewEpoch({ replica }: Store, listener: (device: string) => void): () => void {
  const epochOf = (key: string) => replica.hash(key)?.get('epoch')
  const known = new Map(Array.from(replica.keysUnder('device:'), (key) => [key, epochOf(key)]))
  return replica.onChange((key) => {
    if (!key.startsWith('device:') || epochOf(key) === known.get(key)) return
    known.set(key, epochOf(key))
    if (epochOf(key)) listener(key.slice('device:'.length))
  })
}
