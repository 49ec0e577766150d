import type { z } from 'zod'
import { block, form } from './yaml/yaml-schema.js'

interface Range {
  readonly from: number
  readonly to: number
}

/** A whole number; `unit` completes "expected seconds, 1 to 60". */
const whole = (unit: string, { from, to }: Range) =>
  form(`${unit}, ${from} to ${to}`, (text) =>
    /^[0-9]{1,7}$/.test(text) && Number(text) >= from && Number(text) <= to ? Number(text) : null,
  )

const seconds = (from: number, to: number) => whole('seconds', { from, to })
const aDay = 86_400

const digits = (usual: string) => whole('digits', { from: 3, to: 14 }).prefault(usual)

const perDay = (usual: string) => whole('a number', { from: 1, to: 1_000 }).prefault(usual)

const lockout = {
  user: block({
    failures: whole('a number', { from: 1, to: 100 }).prefault('3').describe('Wrong PINs that lock a user at one phone.'),
    windowSeconds: seconds(1, aDay).prefault('300').describe('How long a wrong PIN counts.'),
    lockSeconds: seconds(1, aDay).prefault('900').describe('How long the first lock of a day lasts; each further one lasts twice as long.'),
    perPhoneAndDay: perDay('10').describe('Wrong PINs a day at one phone.'),
    freePerDay: perDay('20').describe('Wrong PINs a day at all phones that are new to the user, before each further one has to wait.'),
    perDay: perDay('40').describe('Wrong PINs a day at all phones that are new to the user (no right PIN there for 30 days).'),
  })
    .refine(
      (user) => user.perPhoneAndDay <= user.freePerDay && user.freePerDay <= user.perDay,
      'expected perPhoneAndDay, freePerDay and perDay in growing order: one phone must not lock a user out at the others',
    )
    .prefault({}),
  device: block({
    failures: whole('a number', { from: 1, to: 100 }).prefault('10').describe('Wrong PINs that lock a phone, for any user.'),
    windowSeconds: seconds(1, aDay).prefault('900').describe('How long a wrong PIN counts.'),
    lockSeconds: seconds(1, aDay).prefault('900').describe('How long the lock lasts. Logout and emergency calls are never locked.'),
    perDay: perDay('50').describe('Wrong PINs a day at one phone, for any user.'),
  }).prefault({}),
}

/** The numbers of hotdesk's behaviour. Each has a default that suits most offices. */
export const behaviour = {
  login: block({
    tries: whole('a number', { from: 1, to: 10 }).prefault('3').describe('PINs that one call may try.'),
    firstDigitSeconds: seconds(1, 60).prefault('5').describe('The dialogue waits so long for the first digit.'),
    nextDigitSeconds: seconds(1, 60).prefault('3').describe('And so long for each further one.'),
    silenceSeconds: seconds(2, 600).prefault('10').describe('Ends a dialogue when no sound has come from the phone for this long.'),
    answerMilliseconds: whole('milliseconds', { from: 0, to: 10_000 })
      .prefault('500')
      .describe('From the last digit to the answer at least: guessing is slow, and every refusal equally so.'),
  }).prefault({}),
  pin: block({
    minDigits: digits('4').describe('The shortest PIN that may be set.'),
    maxDigits: digits('10').describe('The longest PIN. After this many digits there is no need to press #.'),
    issuedDigits: digits('6').describe('The length of those that hotdesk makes.'),
  })
    .refine(
      (pin) => pin.minDigits <= pin.issuedDigits && pin.issuedDigits <= pin.maxDigits,
      'expected minDigits, issuedDigits and maxDigits in growing order',
    )
    .prefault({}),
  lockout: block(lockout).prefault({}),
  registration: block({
    minSeconds: seconds(1, aDay).prefault('60').describe('A shorter registration is refused with 423 (RFC 3261 §10.3).'),
    maxSeconds: seconds(60, aDay).prefault('3600').describe('A longer one is shortened.'),
    defaultSeconds: seconds(60, aDay).prefault('3600').describe('For a phone that asks for none.'),
    keepAliveSeconds: seconds(0, 3_600)
      .prefault('25')
      .describe('How often the node sends an empty datagram to each phone behind NAT that registered over UDP. `0`: never.'),
  })
    .refine(
      (span) => span.minSeconds <= span.defaultSeconds && span.defaultSeconds <= span.maxSeconds,
      'expected minSeconds, defaultSeconds and maxSeconds in growing order',
    )
    .prefault({}),
  calls: block({
    busyGraceMilliseconds: whole('milliseconds', { from: 0, to: 60_000 })
      .prefault('2000')
      .describe('A user’s contacts that do not ring are given up so long after another one was busy.'),
  }).prefault({}),
  emergency: block({
    quietSeconds: seconds(0, aDay)
      .prefault('600')
      .describe('How long a phone is left alone after an emergency call: no refresh, and only the person at it can log in or out.'),
    callBackMinutes: whole('minutes', { from: 1, to: 10_080 })
      .prefault('180')
      .describe('How long a call to the number that the emergency centre was shown rings the phone that called.'),
    stopSeconds: seconds(0, 3_600)
      .prefault('300')
      .describe(
        'A node that is stopped waits this long for emergency calls to end, and takes new ones. Then it leaves: their sound goes on without it.',
      ),
    unprovenPerSource: whole('calls', { from: 1, to: 1_000 })
      .prefault('3')
      .describe('Emergency calls that one address may have without proof of its phone. Proven phones are never limited.'),
    unprovenTotal: whole('calls', { from: 1, to: 1_000 })
      .prefault('6')
      .describe('Emergency calls without proof from all addresses together, at this node.'),
    unprovenSeconds: seconds(1, 3_600).prefault('30').describe('Such a call counts while it lasts, and at least this long after it began.'),
  })
    .refine((limits) => limits.unprovenPerSource <= limits.unprovenTotal, 'expected unprovenPerSource not above unprovenTotal')
    .prefault({}),
}

export type Behaviour = { readonly [Section in keyof typeof behaviour]: Readonly<z.output<(typeof behaviour)[Section]>> }
