import { describe, expect, it } from 'vitest'
import { clientCallTable } from '../../../src/sipd/core/uac/invite-table.js'
import { serverCallTable } from '../../../src/sipd/core/uas/invite-table.js'

type AnyTable = { readonly [state: string]: { readonly [input: string]: readonly [string, ...string[]] | undefined } }

function cells(table: AnyTable): readonly (readonly [from: string, input: string, next: string, ...actions: string[]])[] {
  return Object.entries(table).flatMap(([from, row]) =>
    Object.entries(row).map(([input, cell]) => [from, input, ...(cell as readonly [string, ...string[]])] as const),
  )
}

describe('the table of an INVITE answered', () => {
  it('sends one final answer on every way out of waiting and ringing but a broken one', () => {
    const answers = ['send response', 'answer 408', 'answer 480', 'answer 487', 'answer 504']
    const silent = cells(serverCallTable as AnyTable).filter(
      ([from, input, next, ...actions]) =>
        ['waiting', 'ringing'].includes(from) &&
        ['answered', 'over'].includes(next) &&
        actions.filter((one) => answers.includes(one)).length !== 1 &&
        input !== 'transport error',
    )
    expect(silent).toEqual([])
  })

  it('starts to watch for the ACK exactly with the 2xx, and stops on every way out', () => {
    const starting = cells(serverCallTable as AnyTable).filter(([, , , ...actions]) => actions.includes('watch for ack'))
    expect(starting.map(([, input]) => input)).toEqual(['2xx', '2xx'])
    const leaving = cells(serverCallTable as AnyTable).filter(([from, , next]) => from === 'answered' && next !== 'answered')
    expect(leaving.filter(([, , , ...actions]) => !actions.includes('stop watching'))).toEqual([])
  })
})

describe('the table of an INVITE sent', () => {
  it('acknowledges before it sends BYE', () => {
    const orders = cells(clientCallTable as AnyTable).map(([, , , ...actions]) =>
      actions.filter((one) => /ack$|bye$/.test(one) && one.startsWith('send')),
    )
    const ending = orders.filter((order) => order.some((one) => one.endsWith('bye')))
    expect(ending.length).toBeGreaterThan(0)
    expect(ending.filter(([first]) => first !== 'send ack')).toEqual([])
  })
})
