// Loaded before the node that is measured. On SIGPWR each of its threads collects garbage, so that what is left is held by somebody, and writes
// what it holds into the folder COLLECTED_IN.
import { renameSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { BroadcastChannel, isMainThread, threadId } from 'node:worker_threads'

const folder = process.env.COLLECTED_IN
const channel = new BroadcastChannel('collect')
channel.onmessage = collect
channel.unref()

if (isMainThread)
  process.on('SIGPWR', () => {
    channel.postMessage('collect')
    collect()
  })

function collect() {
  globalThis.gc()
  const resources = process.getActiveResourcesInfo()
  const timers = resources.filter((name) => name === 'Timeout').length
  const held = { heap: process.memoryUsage().heapUsed, timers, handles: resources.length - timers }
  const file = path.join(folder, isMainThread ? 'main' : `thread-${threadId}`)
  writeFileSync(`${file}.new`, JSON.stringify(held))
  renameSync(`${file}.new`, `${file}.json`)
}
