import { describe, expect, it } from 'vitest'
import { bySentinels } from '../../../src/store/connections/primary-check.js'
import { quorumOf, type ReportedReplica, readReport, type SentinelReport } from '../../../src/store/connections/quorum.js'

const at = (port: number) => ({ host: '192.0.2.1', port })
const replica = (port: number, changes: Partial<ReportedReplica> = {}): ReportedReplica => ({
  ...at(port),
  id: `run-${port}`,
  isOut: false,
  ...changes,
})

function report(id: string, changes: Partial<SentinelReport> = {}): SentinelReport {
  return { id, primary: at(1), epoch: 7, isFailingOver: false, sentinels: 3, replicas: [replica(2), replica(3)], others: [], ...changes }
}

const online = (port: number) => ({ ...at(port), isOnline: true, offset: 100 })

describe('a quorum of sentinels', () => {
  it('is certain of a primary that a majority of all sentinels names', () => {
    expect(quorumOf([report('a'), report('b')])).toMatchObject({ primary: at(1), doubt: null })
  })

  it.each([
    ['none answers', [], 'no sentinel answers'],
    ['a minority answers', [report('a')], 'only 1 of 3 sentinels answers'],
    ['one answers under two addresses', [report('a'), report('a')], 'only 1 of 3 sentinels answers'],
    [
      'one of them is replacing it',
      [report('a'), report('b'), report('c', { isFailingOver: true })],
      'the sentinels are replacing the primary',
    ],
    [
      'a switch has reached one of them',
      [report('a'), report('b'), report('c', { epoch: 8, primary: at(2) })],
      'only 1 of 3 sentinels names',
    ],
  ])('is in doubt when %s', (_when, reports, doubt) => {
    expect(quorumOf(reports).doubt).toContain(doubt)
  })

  it('follows the latest switch, however many sentinels have not learned of it', () => {
    expect(quorumOf([report('a'), report('b'), report('c', { epoch: 8, primary: at(2) })]).primary).toEqual(at(2))
  })

  it('is certain despite a sentinel with an outdated view', () => {
    const current = { epoch: 8, primary: at(2) }
    expect(quorumOf([report('a'), report('b', current), report('c', current)])).toMatchObject({ primary: at(2), doubt: null })
  })
})

describe('a write at the primary that the sentinels name', () => {
  const standing = (...reports: readonly SentinelReport[]) => bySentinels(quorumOf(reports), at(1))

  it('is safe if every replica that could be promoted has it', async () => {
    expect(await standing(report('a'), report('b')).gap([online(2), online(3)], [])).toBeNull()
  })

  it('is not safe if one of them lacks it, connected or not', async () => {
    expect(await standing(report('a'), report('b')).gap([online(2)], [online(3)])).toContain('192.0.2.1:3')
    expect(await standing(report('a'), report('b')).gap([online(2)], [])).toContain('192.0.2.1:3')
  })

  it('is not safe if only one sentinel marks the replica that lacks it as down', async () => {
    const down = { replicas: [replica(2), replica(3, { isOut: true })] }
    expect(await standing(report('a'), report('b', down)).gap([online(2)], [])).toContain('192.0.2.1:3')
    expect(await standing(report('a', down), report('b', down)).gap([online(2)], [])).toBeNull()
  })

  it('is not safe if a replica that no sentinel knows yet lacks it', async () => {
    expect(await standing(report('a'), report('b')).gap([online(2), online(3)], [online(4)])).toContain('192.0.2.1:4')
  })

  it('is not safe if no replica could be promoted', async () => {
    const down = { replicas: [replica(2, { isOut: true })] }
    expect(await standing(report('a', down), report('b', down)).gap([online(2)], [])).toContain('no replica')
  })

  it('counts a server with two addresses once', async () => {
    const twice = { replicas: [replica(2), replica(3), replica(4, { id: 'run-3' })] }
    expect(await standing(report('a', twice), report('b', twice)).gap([online(2), online(3)], [])).toBeNull()
  })

  it('is in doubt at another server', () => {
    const { doubt, successor } = bySentinels(quorumOf([report('a'), report('b')]), at(9))
    expect(doubt).toContain('and not 192.0.2.1:9')
    expect(successor).toEqual(at(1))
  })
})

describe('the replies of a sentinel', () => {
  const primary = ['name', 'desk', 'flags', 'master,failover_in_progress', 'config-epoch', '7']
  const replicas = [
    ['ip', '192.0.2.1', 'port', '2', 'runid', 'x', 'flags', 'slave', 'role-reported', 'slave', 'slave-priority', '100'],
    ['ip', '192.0.2.1', 'port', '3', 'runid', 'y', 'flags', 's_down,slave', 'role-reported', 'slave', 'slave-priority', '100'],
    ['ip', '192.0.2.1', 'port', '4', 'runid', '', 'flags', 'slave', 'role-reported', 'master', 'slave-priority', '100'],
    ['ip', '192.0.2.1', 'port', '5', 'runid', 'z', 'flags', 'slave', 'role-reported', 'slave', 'slave-priority', '0'],
  ]
  const sentinels = [['ip', '192.0.2.9', 'port', '26379', 'runid', 'other', 'flags', 'sentinel']]

  it('are parsed', () => {
    const found = readReport({ id: 'me', address: ['192.0.2.1', '1'], primary, replicas, sentinels })
    expect(found).toMatchObject({ id: 'me', primary: at(1), epoch: 7, isFailingOver: true, sentinels: 2 })
    expect(found?.replicas.map(({ isOut }) => isOut)).toEqual([false, true, false, true])
    expect(found?.others).toEqual([{ id: 'other', host: '192.0.2.9', port: 26_379 }])
  })

  it('yield nothing if the name is unknown', () => {
    expect(readReport({ id: 'me', address: null, primary: null, replicas: null, sentinels: null })).toBeNull()
  })
})
