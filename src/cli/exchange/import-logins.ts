import type { Replica, Store } from '../../store/store.js'
import { byThisOperator } from '../operator/operator-identity.js'
import type { Login } from './import-records.js'

/** The outcome of restoring the logins in a file. */
export interface RestoredLogins {
  readonly restored: readonly Login[]
  readonly unchanged: readonly Login[]
  /** With the reason, such as a newer login. */
  readonly refused: readonly (Login & { readonly reason: string })[]
}

const atOnce = 200

/** Restores assignments; Redis decides about each. */
export async function restoreLogins(logins: readonly Login[], { call }: Pick<Store, 'call'>): Promise<RestoredLogins> {
  const outcomes: Outcome[] = []
  for (let from = 0; from < logins.length; from += atOnce) {
    const page = logins.slice(from, from + atOnce)
    const replies = page.map(
      async (login) => [login, await call('hotdesk_seat', login.user, login.device, 'cli', byThisOperator())] as const,
    )
    outcomes.push(...(await Promise.all(replies)))
  }
  return byOutcome(outcomes)
}

/** The same without writing, by the copy in memory. */
export function previewLogins(logins: readonly Login[], replica: Replica): RestoredLogins {
  return byOutcome(
    logins.map((login) => {
      const now = replica.hash('devices')?.get(login.device)
      return [login, now === undefined ? 'SEATED' : now === login.user ? 'UNCHANGED' : `OCCUPIED ${now}`] as const
    }),
  )
}

type Outcome = readonly [Login, string]

function byOutcome(outcomes: readonly Outcome[]): RestoredLogins {
  const of = (word: string): Login[] => outcomes.flatMap(([login, reply]) => (reply === word ? [login] : []))
  const refused = outcomes.flatMap(([login, reply]) => {
    const reason = reasonIn(reply)
    return reason === null ? [] : [{ ...login, reason }]
  })
  return { restored: of('SEATED'), unchanged: of('UNCHANGED'), refused }
}

function reasonIn(reply: string): string | null {
  const [word, detail = ''] = reply.split(' ')
  switch (word) {
    case 'SEATED':
    case 'UNCHANGED':
      return null
    case 'OCCUPIED':
      return `${detail} is logged in there now`
    case 'ELSEWHERE':
      return `the user is logged in at ${detail} now`
    case 'DENIED':
      return detail === 'disabled' ? 'the user is disabled' : 'the user may not hot-desk'
    case 'NOT_A_HOTDESK_PHONE':
      return 'the phone is not for hot desking, or has no location'
    case 'EMERGENCY':
      return 'the phone is in an emergency call, or in the quiet time after one'
    default:
      return `unexpected reply ${word ?? ''}`
  }
}

/** Warns of logins that were not restored. */
export function loginWarnings({ refused }: RestoredLogins): readonly string[] {
  return refused.slice(0, 10).map(({ device, user, reason }) => `${user} was not logged in again at ${device}: ${reason}`)
}
