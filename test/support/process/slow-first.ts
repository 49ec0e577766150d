import { relative } from 'node:path'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** The files that take longest, the longest first. Vitest itself knows only after a first run how long a file takes. */
export const slowFiles: readonly string[] = [
  'test/redis/command-line/exchange.test.ts',
  'test/system/programs/sipp-calls.test.ts',
  'test/system/attacks/memory.test.ts',
  'test/redis/functions/attempts.test.ts',
  'test/redis/losses/shrunk.test.ts',
  'test/redis/command-line/slips.test.ts',
  'test/system/network/who-reaches-whom.test.ts',
  'test/redis/command-line/doctor.test.ts',
  'test/system/start/drachtio-lane.test.ts',
  'test/system/attacks/admission.test.ts',
  'test/system/desk/lock-out.test.ts',
  'test/redis/command-line/backup.test.ts',
  'test/redis/functions/home-sites.test.ts',
  'test/system/desk/main-job.test.ts',
  'test/system/desk/automatic-logout.test.ts',
  'test/system/desk/demo.test.ts',
  'test/system/outage/redis-paused.test.ts',
  'test/system/start/restart.test.ts',
  'test/system/programs/sipp-desk.test.ts',
  'test/redis/command-line/secret.test.ts',
  'test/system/start/name-taken.test.ts',
  'test/system/start/start.test.ts',
  'test/system/desk/command-line.test.ts',
  'test/system/start/stopping.test.ts',
  'test/system/outage/peer-lost.test.ts',
]

/** Starts slow files first, so that the run does not end with one busy worker and the others idle. */
export class SlowFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return slowFirst(await super.sort(files), ({ moduleId }) => relative(this.ctx.config.root, moduleId))
  }
}

/** The slow ones in the order of `slow`, then the others in the order that they have. */
export function slowFirst<File>(files: readonly File[], pathOf: (file: File) => string, slow = slowFiles): File[] {
  const rank = (file: File): number => {
    const at = slow.indexOf(pathOf(file))
    return at === -1 ? slow.length : at
  }
  return files.toSorted((one, other) => rank(one) - rank(other))
}
