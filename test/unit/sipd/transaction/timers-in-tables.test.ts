import { describe, expect, test } from 'vitest'
import { inviteClientTable } from '../../../../src/sipd/transaction/client/invite-client-table.js'
import { nonInviteClientTable } from '../../../../src/sipd/transaction/client/non-invite-client-table.js'
import { inviteServerTable } from '../../../../src/sipd/transaction/server/invite-server-table.js'
import { nonInviteServerTable } from '../../../../src/sipd/transaction/server/non-invite-server-table.js'
import { type ClientTable, type ServerTable, timerRules } from '../../../../src/sipd/transaction/transaction-table.js'

/** What holds for transactions alone; the law of all machines is in tables/tables.test.ts. */
const transactions: readonly (readonly [name: string, table: ClientTable | ServerTable])[] = [
  ['INVITE client', inviteClientTable],
  ['INVITE server', inviteServerTable],
  ['non-INVITE client', nonInviteClientTable],
  ['non-INVITE server', nonInviteServerTable],
]

describe.each(transactions)('the table of the %s transaction', (_name, table) => {
  test('reports to its user last, so that the user may act from inside', () => {
    for (const [state, row] of Object.entries(table))
      for (const [input, cell] of Object.entries(row)) {
        const [, ...actions] = cell as readonly unknown[]
        const reported = actions.findIndex((action) => typeof action === 'string' && /^(pass|report) /.test(action))
        if (reported >= 0) expect(reported, `${state}, ${input}`).toBe(actions.length - 1)
      }
  })

  test('starts at most one repeating timer in a state', () => {
    for (const row of Object.values(table))
      for (const cell of Object.values(row)) {
        const started = (cell as readonly (string | { readonly verb: string; readonly timer: keyof typeof timerRules })[]).filter(
          (action) => typeof action !== 'string' && action.verb === 'start' && timerRules[action.timer].longest !== undefined,
        )
        expect(started.length).toBeLessThanOrEqual(1)
      }
  })
})
