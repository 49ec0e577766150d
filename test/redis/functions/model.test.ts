import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Store } from '../../../src/store/store.js'
import { startTestRedis, type TestRedis } from '../../support/redis/redis.js'
import { openTestStore } from '../../support/redis/redis-store.js'

const policies = { '100': 'move', '101': 'deny', '102': 'allow', '103': 'move' } as const
type User = keyof typeof policies
const users = Object.keys(policies) as User[]
const phones = ['HD0001', 'HD0002', 'HD0003', 'HD0004']

type Step =
  | { readonly kind: 'login'; readonly user: User; readonly phone: string }
  | { readonly kind: 'logout'; readonly target: string }
  | { readonly kind: 'call'; readonly phone: string; readonly calls: number }

let redis: TestRedis
let store: Store
let run = 0

beforeAll(async () => {
  redis = await startTestRedis()
})
afterAll(() => redis.close())

/** The documented behaviour, on a Map: the oldest login of a user comes first in `where`. */
class Model {
  readonly assignments = new Map<string, User>()
  readonly draining = new Set<string>()
  readonly calls = new Map<string, number>()

  phonesOf(user: string): string[] {
    return [...this.assignments].filter(([, assigned]) => assigned === user).map(([phone]) => phone)
  }

  leave(phone: string): void {
    this.assignments.delete(phone)
    this.draining.delete(phone)
  }

  login(user: User, phone: string): string {
    const present = this.assignments.get(phone)
    if (present === user) {
      this.draining.delete(phone)
      return 'UNCHANGED'
    }
    const elsewhere = this.phonesOf(user)
    if (policies[user] === 'deny' && elsewhere[0]) return `ELSEWHERE ${elsewhere[0]}`
    const left = policies[user] === 'allow' ? [] : elsewhere
    for (const other of left) this.leave(other)
    this.leave(phone)
    this.assignments.set(phone, user)
    const words = present ? ['DISPLACED', present, ...left] : left.length > 0 ? ['MOVED', ...left] : ['LOGGED_IN']
    return words.join(' ')
  }

  logout(target: string): string {
    if (target.startsWith('HD')) return this.logoutPhone(target)
    const replies = this.phonesOf(target).map((phone) => this.logoutPhone(phone))
    const calls = replies.filter((reply) => reply.startsWith('DRAINING')).reduce((sum, reply) => sum + Number(reply.split(' ')[1]), 0)
    if (calls > 0) return `DRAINING ${calls}`
    return replies.length > 0 ? `LOGGED_OUT ${target}` : 'NOWHERE'
  }

  logoutPhone(phone: string): string {
    const present = this.assignments.get(phone)
    if (!present) return 'FREE'
    const calls = this.calls.get(phone) ?? 0
    if (calls > 0) {
      this.draining.add(phone)
      return `DRAINING ${calls}`
    }
    this.leave(phone)
    return `LOGGED_OUT ${present}`
  }

  call(phone: string, calls: number): string {
    this.calls.set(phone, calls)
    if (calls > 0 || !this.draining.has(phone)) return 'OK 0'
    this.leave(phone)
    return 'OK 1'
  }
}

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    {
      weight: 5,
      arbitrary: fc.record({ kind: fc.constant('login' as const), user: fc.constantFrom(...users), phone: fc.constantFrom(...phones) }),
    },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('logout' as const), target: fc.constantFrom(...users, ...phones) }) },
    {
      weight: 3,
      arbitrary: fc.record({ kind: fc.constant('call' as const), phone: fc.constantFrom(...phones), calls: fc.constantFrom(0, 0, 1, 2) }),
    },
  ),
  { minLength: 1, maxLength: 40 },
)

function inRedis(step: Step): Promise<string> {
  switch (step.kind) {
    case 'login':
      return store.call('hotdesk_login', step.user, step.phone)
    case 'logout':
      return store.call('hotdesk_logout', step.target)
    case 'call':
      return store.call('hotdesk_calls', 'paris-1', 'b1', '600', step.phone, String(step.calls), '0')
  }
}

function inModel(model: Model, step: Step): string {
  switch (step.kind) {
    case 'login':
      return model.login(step.user, step.phone)
    case 'logout':
      return model.logout(step.target)
    case 'call':
      return model.call(step.phone, step.calls)
  }
}

it('the functions reply to any sequence of logins, logouts and calls as the model does, and end in the same assignments', async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (sequence) => {
      // Each sequence has a network of its own, so that a smaller one can be tried without clearing up.
      store = await openTestStore(redis, { network: `m${run++}`, data: `${redis.directory}/model` })
      try {
        await store.call('hotdesk_join', 'paris-1', 'b1', '-', '600')
        for (const user of users) await store.putFields(`user:${user}`, { name: user, secondLogin: policies[user] })
        for (const phone of phones) await store.putFields(`device:${phone}`, { hotdesk: 'yes', location: 'desk' })
        const model = new Model()
        for (const step of sequence) expect([step, await inRedis(step)]).toEqual([step, inModel(model, step)])
        for (const phone of phones) {
          const user = model.assignments.get(phone)
          const word = user ? `${model.draining.has(phone) ? 'DRAINING' : 'OCCUPIED'} ${user}` : 'FREE'
          expect(await store.call('hotdesk_who', phone)).toBe(word)
        }
        expect(await store.call('hotdesk_repair')).toBe('NOTHING')
      } finally {
        await store.close()
      }
    }),
    { numRuns: 60 },
  )
})
