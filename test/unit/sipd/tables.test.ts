import { describe, expect, it } from 'vitest'
import type { TimerAction } from '../../../src/base/machine.js'
import { clientInviteTable } from '../../../src/sipd/core/uac/invite-table.js'
import { serverInviteTable } from '../../../src/sipd/core/uas/invite-table.js'

type Action = string | TimerAction
type AnyTable = { readonly [state: string]: { readonly [input: string]: readonly [string, ...Action[]] | undefined } }

interface Transition {
  readonly from: string
  readonly input: string
  readonly next: string
  /** A timer action as `start ack`. */
  readonly actions: readonly string[]
}

function transitionsOf(table: AnyTable): readonly Transition[] {
  return Object.entries(table).flatMap(([from, row]) =>
    Object.entries(row).map(([input, cell]) => {
      const [next, ...actions] = cell as readonly [string, ...Action[]]
      return { from, input, next, actions: actions.map((one) => (typeof one === 'string' ? one : `${one.verb} ${one.timer}`)) }
    }),
  )
}

describe('the table of an INVITE from the network', () => {
  const transitions = transitionsOf(serverInviteTable)

  it('sends exactly one final response on every way out of trying and proceeding but a transport error', () => {
    const responses = ['send response', 'send 408', 'send 480', 'send 487', 'send 504']
    const leaving = transitions.filter(
      ({ from, next }) => ['trying', 'proceeding'].includes(from) && ['accepted', 'terminated'].includes(next),
    )
    expect(leaving.length).toBeGreaterThan(8)
    const wrong = leaving.filter(
      ({ input, actions }) => actions.filter((one) => responses.includes(one)).length !== 1 && input !== 'transport error',
    )
    expect(wrong).toEqual([])
  })

  it('starts to wait for the ACK exactly with the 2xx, and stops on every way out', () => {
    const starting = transitions.filter(({ actions }) => actions.includes('start ack') && actions.includes('start retransmit'))
    expect(starting.map(({ input }) => input)).toEqual(['2xx', '2xx'])
    expect(transitions.filter(({ actions }) => actions.some((one) => /^start (ack|retransmit)$/.test(one)))).toEqual(starting)
    const leaving = transitions.filter(({ from, next }) => from === 'accepted' && next !== 'accepted')
    const running = ({ input, actions }: Transition): string[] =>
      ['ack', 'retransmit'].filter((timer) => input !== `timer ${timer}` && !actions.includes(`stop ${timer}`))
    expect(leaving.length).toBeGreaterThan(2)
    expect(leaving.flatMap(running)).toEqual([])
  })
})

describe('the table of an INVITE to the network', () => {
  it('acknowledges before it sends BYE', () => {
    const orders = transitionsOf(clientInviteTable).map(({ actions }) => actions.filter((one) => /^send (late )?(ack|bye)$/.test(one)))
    const ending = orders.filter((order) => order.some((one) => one.endsWith('bye')))
    expect(ending.length).toBeGreaterThan(0)
    expect(ending.filter(([first]) => first !== 'send ack')).toEqual([])
  })
})
