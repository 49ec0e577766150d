import { fileURLToPath } from 'node:url'
import { dialogueTiming } from '../../../src/app/part-settings.js'
import type { Clock } from '../../../src/base/clock.js'
import type { DeviceId, Extension } from '../../../src/base/identity.js'
import type { Language } from '../../../src/base/language.js'
import { createMetrics } from '../../../src/base/metrics.js'
import type { Device, User } from '../../../src/directory/directory.js'
import type { LoginOutcome, LogoutEverywhereOutcome, LogoutOutcome } from '../../../src/hotdesk/hotdesk.js'
import { createIvr, type Ivr } from '../../../src/ivr/ivr.js'
import type { Key } from '../../../src/media/media.js'
import { defaults } from '../node/default-settings.js'
import { keepLog } from '../node/kept-log.js'
import { createManualClock, type ManualClock } from '../process/manual-clock.js'
import { createFakeCall, type FakeCall, type FakeCallParts } from '../sip/fake-call.js'
import { createFakeMedia, type FakeMedia } from './fake-media.js'

export const promptsFolder = fileURLToPath(new URL('../../../prompts', import.meta.url))
export const device = 'HD0001' as DeviceId
export const alice = '100' as Extension

type Attempt = { readonly extension: string; readonly pin: string; readonly at: number }

/** One phone, one caller, and the IVR between fakes of all ports. */
export interface Stage {
  readonly clock: ManualClock
  readonly media: FakeMedia
  readonly call: FakeCall
  readonly ivr: Ivr
  /** The logins that the IVR has requested. */
  readonly attempts: readonly Attempt[]
  readonly logouts: readonly string[]
  readonly abandoned: readonly (string | null)[]
  /** Log lines as text. */
  readonly log: readonly string[]
  /** Advances time while the phone sends audio. */
  pass(ms: number): Promise<void>
  /** Advances time while the phone is silent. */
  passSilently(ms: number): Promise<void>
  /** Advances time to the end of the current prompts. */
  listen(): Promise<void>
  /** Presses these keys, 200 ms apart. */
  type(keys: string): Promise<void>
  /** The prompts that were played since the last call of `heard`. */
  heard(): readonly string[]
}

export interface StageParts extends FakeCallParts {
  /** One for each login; the last one repeats. A fault is thrown. */
  readonly logins?: readonly (LoginOutcome['outcome'] | 'a fault')[]
  readonly loginTakesMs?: number
  readonly logout?: LogoutOutcome['outcome'] | 'a fault'
  /** Like `logins`, for a logout at every phone. */
  readonly everywhere?: readonly (Exclude<LogoutEverywhereOutcome['outcome'], 'LOCKED'> | 'a fault')[]
  readonly hotdeskPhone?: 'no'
  readonly prompts?: string
  readonly announcements?: readonly string[]
  /** Of the site. */
  readonly language?: Language
  readonly users?: readonly User[]
  /** Who is logged in at the phone. */
  readonly userOn?: Extension
}

export async function openStage(parts: StageParts = {}): Promise<Stage> {
  const clock = createManualClock(1_000_000)
  const media = createFakeMedia(clock)
  const call = createFakeCall(parts)
  const log = keepLog()
  const hotdesk = fakeHotdesk(parts, clock)
  const ivr = await createIvr({
    media,
    hotdesk,
    directory: {
      device: (id) => ({ ...aDevice, id, hotdesk: parts.hotdeskPhone !== 'no' }),
      user: (extension) => parts.users?.find((user) => user.extension === extension) ?? null,
    },
    language: () => parts.language ?? null,
    promptsFolder: parts.prompts ?? promptsFolder,
    announcements: parts.announcements ?? [],
    timing: () => dialogueTiming(defaults),
    clock,
    log: log.log,
    metrics: createMetrics(),
  })
  let reported = 0

  async function pass(ms: number, hear: () => void): Promise<void> {
    await settled()
    for (let left = ms; left > 0; left -= 20) {
      hear()
      clock.advance(Math.min(20, left))
      await settled()
    }
  }

  return {
    clock,
    media,
    call,
    ivr,
    attempts: hotdesk.attempts,
    logouts: hotdesk.logouts,
    abandoned: hotdesk.gone,
    log: log.lines,
    pass: (ms) => pass(ms, media.hear),
    passSilently: (ms) => pass(ms, () => undefined),
    async listen() {
      do await pass(20, media.hear)
      while (media.isPlaying)
    },
    async type(keys) {
      for (const key of keys) {
        media.press(key as Key)
        await pass(200, media.hear)
      }
    },
    heard() {
      const since = media.played.slice(reported)
      reported = media.played.length
      return since
    },
  }
}

/** Runs everything that waits only for its turn of the event loop. */
export function settled(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve)
  })
}

export const aDevice: Device = {
  id: device,
  site: 'paris' as Device['site'],
  hotdesk: true,
  password: null,
  elin: null,
  location: null,
  mac: null,
  model: null,
  owner: null,
  modules: 0,
}

export function fakeHotdesk(
  { logins = ['LOGGED_IN'], loginTakesMs = 0, logout = 'LOGGED_OUT', everywhere = ['LOGGED_OUT'], userOn }: StageParts,
  clock: Clock,
) {
  const attempts: Attempt[] = []
  const logouts: string[] = []
  const gone: (string | null)[] = []
  return {
    attempts,
    logouts,
    gone,
    userOn: () => userOn ?? null,
    login({ extension, pin }: { extension: Extension; pin: { reveal(): string } }): Promise<LoginOutcome> {
      const outcome = logins[Math.min(attempts.length, logins.length - 1)] ?? 'DENIED'
      attempts.push({ extension, pin: pin.reveal(), at: clock.now() })
      return new Promise((resolve, reject) => {
        clock.after(loginTakesMs, () => (outcome === 'a fault' ? reject(new Error('broken')) : resolve(loginOutcome(outcome))))
      })
    },
    logout(id: DeviceId, how: string, via: string): Promise<LogoutOutcome> {
      logouts.push(`${id} ${how} ${via}`)
      return logout === 'a fault' ? Promise.reject(new Error('broken')) : Promise.resolve(logoutOutcome(logout))
    },
    logoutEverywhere({ extension, pin }: { extension: Extension; pin: { reveal(): string } }): Promise<LogoutEverywhereOutcome> {
      const outcome = everywhere[Math.min(attempts.length, everywhere.length - 1)] ?? 'DENIED'
      attempts.push({ extension, pin: pin.reveal(), at: clock.now() })
      if (outcome === 'a fault') return Promise.reject(new Error('broken'))
      const logout = outcome === 'DENIED' ? null : logoutOutcome(outcome)
      return Promise.resolve(logout ?? { outcome: 'DENIED' })
    },
    abandoned: (_device: DeviceId, extension: Extension | null) => void gone.push(extension),
  }
}

function loginOutcome(outcome: LoginOutcome['outcome']): LoginOutcome {
  const other = 'HD0002' as DeviceId
  return { outcome, from: other, displaced: '101' as Extension, seconds: 900, device: other, reply: null }
}

function logoutOutcome(outcome: LogoutOutcome['outcome']): LogoutOutcome {
  return { outcome, extension: alice, calls: 1, reply: null }
}
