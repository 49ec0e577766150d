// Loaded before the node that is measured: on SIGUSR2 its main thread collects garbage, so that what is left is held by somebody.
import { isMainThread } from 'node:worker_threads'

if (isMainThread) process.on('SIGUSR2', () => globalThis.gc())
