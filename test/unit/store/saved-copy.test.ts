import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { createMetrics } from '../../../src/base/metrics.js'
import { createReplica } from '../../../src/store/copy/replica.js'
import { keepSavedCopy } from '../../../src/store/copy/saved-copy.js'
import { keepLog } from '../../support/node/kept-log.js'
import { until } from '../../support/node/node-health.js'
import { createManualClock } from '../../support/process/manual-clock.js'
import { temporaryFolder } from '../../support/process/temporary-folder.js'

const peopled = new Map([['user:100', new Map([['name', 'Alice']])]])

function savedCopyOf() {
  const data = temporaryFolder('saved')
  const clock = createManualClock(1_000)
  const replica = createReplica({ clock, onFault: () => undefined })
  const metrics = createMetrics()
  const { log, lines } = keepLog()
  const copy = keepSavedCopy({ data, network: 'hd', replica, origin: 'shared', isFresh: () => true, clock, log, metrics })
  const isSaved = async (): Promise<unknown> => (await metrics.storeCopySaved.get()).values[0]?.value
  return {
    replica,
    copy,
    lines,
    isSaved,
    folder: data,
    file: join(data, 'copy-hd.jsonl'),
    /** The next round, until the metric is as wanted. */
    async round(wanted: 0 | 1) {
      // Each round arms the alarm of the next one when it is over.
      await until(
        'a round is to come',
        () => clock.pending,
        (pending) => pending === 1,
      )
      clock.advance(5_000)
      await until(`the metric is ${wanted}`, isSaved, (value) => value === wanted)
    },
  }
}

describe('the saved copy', () => {
  it('that cannot be written is reported by the metric and the log, and is retried without a further change', async () => {
    const { replica, copy, lines, isSaved, file, round } = savedCopyOf()
    expect(await isSaved()).toBe(1)
    mkdirSync(`${file}.new`)
    replica.put(peopled)
    await round(0)
    expect(lines.join()).toMatch(/the copy of Redis cannot be saved/)
    expect(existsSync(file)).toBe(false)
    rmdirSync(`${file}.new`)
    await round(1)
    expect(readFileSync(file, 'utf8')).toContain('Alice')
    await copy.close()
  })

  it('has no calls in progress, which name their callers, and a change of those alone does not write it', async () => {
    const lamps = () => [['lamp:100', new Map([['paris-1', 'Zoë']])]] as const
    const idle = savedCopyOf()
    idle.replica.put(lamps())
    await idle.copy.close()
    expect(existsSync(idle.file)).toBe(false)
    const changed = savedCopyOf()
    changed.replica.put([...lamps(), ...peopled])
    await changed.copy.close()
    expect(readFileSync(changed.file, 'utf8')).toMatch(/^(?:(?!Zoë).)*Alice(?:(?!Zoë).)*$/s)
  })

  it('that cannot be written does not delay the end of the node', async () => {
    const { replica, copy, lines, file } = savedCopyOf()
    mkdirSync(`${file}.new`)
    replica.put(peopled)
    await copy.close()
    expect(lines.join()).toMatch(/the copy of Redis cannot be saved/)
  })

  it('of a network that was emptied is on disk, and alone there, when a node that ends at that moment has ended', async () => {
    const { copy, folder } = savedCopyOf()
    const kept = copy.saveAside(peopled)
    await copy.close()
    const files = readdirSync(folder)
    expect(files).toEqual(['copy-hd.emptied.jsonl'])
    expect(await kept).toBe(join(folder, ...files))
    expect(readFileSync(await kept, 'utf8')).toContain('Alice')
  })
})
