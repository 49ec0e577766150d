import { type Milliseconds, pause, systemClock } from '../../../src/base/clock.js'
import { isAppError } from '../../../src/base/errors.js'
import type { Store, Transition } from '../../../src/store/store.js'
import type { RedisProcess } from '../../support/redis/redis-process.js'
import type { Aftermath, Operation, Trace } from '../checker.js'

/** Twelve desks with a login or logout every 600 ms each: 20 a second. */
export const deskCount = 12
const paceMs = 600
/** Every fourth operation is a logout. */
const logoutEvery = 4

export const deskName = (desk: number): string => `HD${String(desk).padStart(4, '0')}`
/** The n-th user of a desk; each logs in once. */
const userOf = (desk: number, turn: number, usersPerDesk: number): string => String(100_000 + desk * usersPerDesk + turn)

/** Writes the desks and their users. */
export async function furnish(primary: RedisProcess, usersPerDesk: number): Promise<void> {
  const lines: string[] = []
  for (let desk = 0; desk < deskCount; desk++) {
    lines.push(`HSET {hd}:device:${deskName(desk)} site paris hotdesk yes location desk`)
    for (let turn = 0; turn < usersPerDesk; turn++) lines.push(`HSET {hd}:user:${userOf(desk, turn, usersPerDesk)} name ${turn} home paris`)
  }
  await primary.pipe(lines)
}

/** People who log in and out at all desks, until the load is stopped. */
export interface Load {
  readonly operations: readonly Operation[]
  /** Resolves when each of these desks has had an operation acknowledged that began after `since`; fails after `withinMs`. */
  untilAcknowledged(wanted: Wanted): Promise<void>
  stop(): Promise<void>
}

export interface Wanted {
  readonly since: Milliseconds
  readonly withinMs: Milliseconds
  readonly isAwaited: (desk: number) => boolean
}

/** Desk n uses the store n modulo their number. */
export function startLoad(stores: readonly Store[], usersPerDesk: number): Load {
  const operations: Operation[] = []
  let isOver = false

  async function occupy(desk: number): Promise<void> {
    const store = stores[desk % stores.length] as Store
    await pause(systemClock, (paceMs * desk) / deskCount)
    for (let turn = 0; !isOver && turn < usersPerDesk; turn++) {
      const began = systemClock.now()
      const user = turn % logoutEvery === logoutEvery - 1 ? null : userOf(desk, turn, usersPerDesk)
      operations.push(await operate(store, desk, user))
      await pause(systemClock, Math.max(0, began + paceMs - systemClock.now()))
    }
  }

  const desks = Array.from({ length: deskCount }, (_, desk) => occupy(desk))
  const isServed = (desk: number, since: Milliseconds): boolean =>
    operations.some((operation) => operation.desk === deskName(desk) && operation.outcome === 'acknowledged' && operation.began >= since)

  return {
    operations,
    untilAcknowledged: ({ since, withinMs, isAwaited }) =>
      until(() => desks.every((_, desk) => !isAwaited(desk) || isServed(desk, since)), withinMs),
    async stop() {
      isOver = true
      await Promise.all(desks)
    },
  }
}

async function operate(store: Store, desk: number, wanted: string | null): Promise<Operation> {
  const device = deskName(desk)
  const began = systemClock.now()
  const transition = await attempt(store, wanted === null ? ['hotdesk_logout', device] : ['hotdesk_login', wanted, device, 'dial-code'])
  const done = { desk: device, wanted, began, ended: systemClock.now() }
  if (transition === null) return { ...done, outcome: 'refused', trace: wanted === null ? null : { kind: 'login', device, user: wanted } }
  const { certainty, reply } = transition
  const outcome = certainty === 'safe' ? 'acknowledged' : reply === null ? 'unanswered' : 'uncertain'
  return { ...done, outcome, trace: traceOf(device, wanted, reply) }
}

async function attempt(store: Store, [name = '', ...args]: readonly string[]): Promise<Transition | null> {
  try {
    return await store.transition(name, ...args)
  } catch (fault) {
    if (!isAppError(fault, 'STORE_UNAVAILABLE')) throw fault
    return null
  }
}

/** A logout names in its reply who sat there; at a free desk nothing was to be done. */
function traceOf(device: string, wanted: string | null, reply: string | null): Trace | null {
  if (wanted !== null) return { kind: 'login', device, user: wanted }
  const user = /^LOGGED_OUT (\d+)$/.exec(reply ?? '')?.[1]
  return user === undefined ? null : { kind: 'logout', device, user }
}

/** Reads what the network holds, from the server itself. */
export async function aftermathOf(primary: RedisProcess): Promise<Aftermath> {
  const seats = (await primary.cli('HGETALL', '{hd}:devices')).split('\n')
  const events = (await primary.cli('--json', 'XRANGE', '{hd}:events', '-', '+')) || '[]'
  const entries = JSON.parse(events) as readonly (readonly [string, readonly string[]])[]
  return {
    seats: new Map(seats.flatMap((desk, index) => (index % 2 === 0 ? [[desk, seats[index + 1] ?? ''] as const] : []))),
    traces: entries.flatMap(([, flat]) => traceIn(flat)),
  }
}

const loginEvents: readonly (string | undefined)[] = ['login', 'moved', 'displaced']

function traceIn(flat: readonly string[]): readonly Trace[] {
  const field = (name: string): string | undefined => flat[flat.findIndex((word, index) => index % 2 === 0 && word === name) + 1]
  const [event, device = '', user = ''] = [field('event'), field('device'), field('user')]
  if (event === 'logout') return [{ kind: 'logout', device, user }]
  return loginEvents.includes(event) ? [{ kind: 'login', device, user }] : []
}

export async function until(isSo: () => boolean | Promise<boolean>, withinMs: Milliseconds): Promise<void> {
  const deadline = systemClock.now() + withinMs
  while (!(await isSo())) {
    if (systemClock.now() > deadline) throw new Error(`not within ${withinMs} ms`)
    await pause(systemClock, 50)
  }
}
