import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'
import { SlowFirst } from './test/support/process/slow-first.js'

/** A test that promises a time gives it; the others only want to end, on a busy machine as well. */
const poll = { timeout: 5_000 }

const cores = availableParallelism()

/**
 * How the files of a lane share the machine. Lanes of one order run side by side; those that compute come first, so that they do not delay
 * the others.
 */
const computing = { maxWorkers: Math.max(3, cores), sequence: { groupOrder: 0 } }
/** Most of their tests wait for timers, packets and processes: two cores carry more of them. */
const waiting = { maxWorkers: Math.max(5, cores), sequence: { groupOrder: 1 } }
/** Their files share a worker and the modules that it has loaded. */
const together = { ...computing, isolate: false }

/** One project a lane, so that `npx vitest run --project unit` answers one question fast. */
const lane = (name: string, testTimeout: number, share: typeof computing | typeof together) => ({
  test: {
    name,
    include: [`test/${name}/**/*.test.ts`],
    testTimeout,
    hookTimeout: 60_000,
    expect: { poll },
    pool: 'forks' as const,
    ...share,
  },
})

export default defineConfig({
  test: {
    globalSetup: ['test/support/process/run-folder.ts'],
    sequence: { sequencer: SlowFirst },
    projects: [
      { test: { name: 'documents', include: ['test/*.test.ts'], testTimeout: 60_000, ...computing } },
      lane('unit', 10_000, together),
      lane('conformance', 30_000, together),
      lane('fuzz', 60_000, computing),
      lane('redis', 60_000, waiting),
      lane('system', 60_000, waiting),
    ],
  },
})
