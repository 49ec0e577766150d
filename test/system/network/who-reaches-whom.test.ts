import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Dialling, Incoming, Phone } from '../../../src/softphones/softphone.js'
import { type CallsNetwork, openCallsNetwork } from '../../support/node/calls-network.js'
import { logIn } from '../../support/node/login.js'

/** One line of the table: who dials what, and what becomes of it. */
interface Row {
  readonly caller: string
  readonly target: string
  readonly dials: string
  readonly status: number
  readonly rings: string
  readonly shows: string
}

const rows = rowsOf(readFileSync(new URL('who-reaches-whom.md', import.meta.url), 'utf8'))

describe('who reaches whom', () => {
  let network: CallsNetwork

  beforeAll(async () => {
    network = await openCallsNetwork()
  }, 120_000)
  afterAll(() => network.close())

  it.each(rows.map((row) => [`${row.caller} → ${row.target}`, row] as const))('%s', async (_, row) => {
    const dialling = await network.caller(row.caller, row.dials).dial(row.dials)
    if (row.rings === '') return expect(await finalStatus(dialling)).toBe(row.status)
    const incoming = await ringing(network.party(row.rings), dialling)
    expect(`${incoming.callerName} ${incoming.callerNumber}`.trim()).toBe(row.shows)
    const callee = await incoming.answer()
    expect(await finalStatus(dialling)).toBe(row.status)
    await callee.hangUp()
    return undefined
  })

  describe('a visitor of a site that must have the profile of its visitors', () => {
    const desk = 'HD0005'
    const userThere = () => network.office.redis.cli('HGET', '{hd}:devices', desk)

    async function logsInWith(profile: string): Promise<void> {
      await network.office.directory.putUser('102', { profile })
      await network.office.follows('user:102', (user) => user?.get('profile') === profile)
      await logIn(network.party(desk), '102')
    }

    it('does not log in with a profile that the site does not define, and an event says why', async () => {
      await logsInWith('power')
      expect(await userThere()).toBe('101')
      expect(await network.office.redis.cli('XREVRANGE', '{hd}:events', '+', '-', 'COUNT', '3')).toContain('not-entitled')
    })

    it('logs in with one that it defines, whose definition there counts, and calls for help in any case', async () => {
      await logsInWith('office')
      expect(await userThere()).toBe('102')
      const { answer } = await (await network.party(desk).dial('902079460999')).result
      expect(`${answer.status} ${answer.reason}`).toBe('480 Not Entitled')
      const help = await network.party(desk).dial('999')
      await (await ringing(network.party('london-carrier 999'), help)).answer()
      expect(await finalStatus(help)).toBe(200)
    })
  })

  it('the table has every caller and target of the plan', () => {
    expect(new Set(rows.map(({ caller }) => caller)).size).toBe(5)
    expect(rows.length).toBeGreaterThan(30)
  })
})

async function ringing(party: Phone, dialling: Dialling): Promise<Incoming> {
  const refused = dialling.result.then((dialled) => {
    throw new Error(`${dialled.answer.status} ${dialled.answer.reason}, but ${party.device} did not ring`)
  })
  return Promise.race([party.nextCall(), refused])
}

async function finalStatus({ result }: Dialling): Promise<number> {
  return (await result).answer.status
}

/** The rows of the last table in the document. */
function rowsOf(document: string): Row[] {
  const lines = document.split('\n').filter((line) => line.startsWith('|'))
  const start = lines.findIndex((line) => line.includes('| target'))
  return lines.slice(start + 2).map((line) => {
    const [caller = '', target = '', dials = '', status = '', rings = '', shows = ''] = line
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim())
    return { caller, target, dials, status: Number(status), rings, shows }
  })
}
