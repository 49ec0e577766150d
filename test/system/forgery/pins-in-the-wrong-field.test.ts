import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Phone } from '../../../src/softphones/softphone.js'
import { everythingKept, hearCommands } from '../../support/admin-wire/traces.js'
import { type CommandLine, openCommandLine } from '../../support/node/command-line.js'
import { dialAnswered, hears } from '../../support/node/login.js'
import { networkSecret, type TestNode } from '../../support/node/node.js'
import { openTestOffice, type TestOffice } from '../../support/node/office.js'

/** Nine digits that turn up nowhere by chance. */
const pin = '739218465'

/** What people dial when they mistake the login for one long number. */
const mistakes = [
  `*77*100*${pin}#`,
  `*77*100*${pin}*`,
  `*77*100${pin}#`,
  `*77*100${pin}`,
  `*77**100*${pin}#`,
  `*77*100#${pin}#`,
  `*77*${pin}*100#`,
  `*77*${pin}`,
  `*77${pin}#`,
  `77*100*${pin}#`,
  `*78*100*${pin}#`,
  `*77*5*${pin}#`,
  `${pin}#`,
  pin,
  `*${pin}#`,
  `#${pin}*`,
  `1${pin}`,
]

/** The row "secrecy" of the behaviour, at the most talkative log level. */
describe('a PIN in the wrong field', () => {
  let office: TestOffice
  let node: TestNode
  let idle: Phone
  let busy: Phone
  let operator: CommandLine
  let commands: Awaited<ReturnType<typeof hearCommands>>

  beforeAll(async () => {
    office = await openTestOffice()
    commands = await hearCommands(office.redis)
    node = await office.node('paris-1', 'paris', { env: { HOTDESK_LOG_LEVEL: 'trace', DEBUG: '*' } })
    idle = await office.phone('HD0001', node)
    busy = await office.phone('HD0002', node)
    operator = await openCommandLine(office.redis, networkSecret)
    await office.seat({ '101': 'HD0002' })
  }, 60_000)

  afterAll(async () => {
    await operator.close()
    await office.close()
  })

  /** Hangs up as soon as a voice answers. */
  async function dial(phone: Phone, number: string): Promise<void> {
    const ended = node.logged('call.ended')
    const result = await (await phone.dial(number)).result
    if (result.outcome === 'answered') await result.call.hangUp()
    await ended
  }

  it('is dialled in every way, at a free phone and at one where somebody is logged in', async () => {
    await Promise.all(mistakes.flatMap((number) => [idle, busy].map((phone) => dial(phone, number))))
  })

  it('is typed where the extension is asked for, and again where the PIN is asked for', async () => {
    const call = await dialAnswered(idle, '*77*')
    await hears(call)
    await call.audio.press(`${pin}#`)
    await hears(call, 20)
    await call.audio.press(`${pin}#`)
    await hears(call, 20)
    await call.audio.press(pin.slice(0, 5))
    await call.hangUp()
    await node.logged('hotdesk.denied', ({ msg }) => String(msg).startsWith('login of'))
    const again = await dialAnswered(idle, '*77*')
    await hears(again)
    await again.audio.press(`${pin}#`)
    await hears(again, 20)
    await again.hangUp()
    await node.logged('hotdesk.abandoned')
  })

  it('is asked about by an operator', async () => {
    for (const number of mistakes) {
      const question = ['why', number, '--from', 'HD0002']
      for (const words of [question, [...question, '--json']]) {
        const { code, out, err } = await operator.hotdesk(...words)
        expect([code, out.includes(pin), err]).toEqual([0, false, ''])
      }
    }
  })

  it('is in no record, log, metric, event, key, file or command', async () => {
    const metrics = await (await fetch(`${node.http}/metrics`)).text()
    const shown = await Promise.all(
      [['events'], ['history'], ['history', 'HD0001'], ['calls', '101'], ['status']].map((words) => operator.hotdesk(...words)),
    )
    expect(await node.stop()).toBe(0)
    const kept = await everythingKept(office.redis)
    expect(kept).toContain('login.abandoned')
    expect(kept).toContain('"dialled":"unknown"')
    const traces = { log: node.output(), metrics, kept, shown: JSON.stringify(shown), commands: await commands.close() }
    for (const [where, text] of Object.entries(traces)) {
      const at = text.indexOf(pin)
      expect(`${where}: ${at === -1 ? 'clean' : text.slice(Math.max(0, at - 200), at + 60)}`).toBe(`${where}: clean`)
    }
  })
})
