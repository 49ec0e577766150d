import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

/** A test that promises a time gives it; the others only want to end, on a busy machine as well. */
const poll = { timeout: 5_000 }

/** One project a lane, so that `npx vitest run --project unit` answers one question fast. */
const lane = (name: string, testTimeout: number) => ({
  test: { name, include: [`test/${name}/**/*.test.ts`], testTimeout, hookTimeout: 60_000, expect: { poll }, pool: 'forks' as const },
})

export default defineConfig({
  test: {
    globalSetup: ['test/support/process/run-folder.ts'],
    // Most tests wait for timers and packets and not for a processor: two cores carry more of them than vitest would start.
    maxWorkers: Math.max(3, availableParallelism()),
    projects: [
      { test: { name: 'documents', include: ['test/*.test.ts'], testTimeout: 60_000 } },
      lane('unit', 10_000),
      lane('conformance', 30_000),
      lane('redis', 60_000),
      lane('fuzz', 60_000),
      lane('system', 60_000),
    ],
  },
})
