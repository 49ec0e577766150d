import { describe, expect, it } from 'vitest'
import type { CallTable } from '../../../src/sipd/core/invite-machine.js'
import { clientCallTable } from '../../../src/sipd/core/uac/invite-table.js'
import { serverCallTable } from '../../../src/sipd/core/uas/invite-table.js'
import { branchTable } from '../../../src/sipd/proxy/branch-table.js'

type AnyTable = CallTable<string, string, string>

const machines: readonly { readonly name: string; readonly table: AnyTable; readonly first: string; readonly ends: readonly string[] }[] = [
  { name: 'INVITE answered', table: serverCallTable, first: 'waiting', ends: ['acknowledged', 'over'] },
  { name: 'INVITE sent', table: clientCallTable, first: 'calling', ends: ['acknowledged', 'over'] },
  { name: 'branch of a proxy', table: branchTable, first: 'trying', ends: ['answered', 'failed'] },
]

function cells(table: AnyTable): readonly (readonly [from: string, input: string, next: string, ...actions: string[]])[] {
  return Object.entries(table).flatMap(([from, row]) =>
    Object.entries(row).map(([input, cell]) => [from, input, ...(cell as readonly [string, ...string[]])] as const),
  )
}

describe.each(machines)('the table of an $name', ({ table, first, ends }) => {
  it('reaches every state from the first', () => {
    const reached = new Set([first])
    for (const from of reached) for (const [state, , next] of cells(table)) if (state === from) reached.add(next)
    expect([...reached].sort()).toEqual(Object.keys(table).sort())
  })

  it('comes to an end from every state', () => {
    const ending = new Set(ends)
    for (let grown = true; grown; ) {
      const before = ending.size
      for (const [from, , next] of cells(table)) if (ending.has(next)) ending.add(from)
      grown = ending.size > before
    }
    expect([...ending].sort()).toEqual(Object.keys(table).sort())
  })

  it('never leaves an end for a state that is none', () => {
    const left = cells(table).filter(([from, , next]) => ends.includes(from) && !ends.includes(next))
    expect(left).toEqual([])
  })
})

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
