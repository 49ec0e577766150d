import type { z } from 'zod'
import { block } from '../yaml/yaml-schema.js'
import { seconds, whole } from './forms.js'

const aDay = 86_400

const digits = (usual: string) => whole('digits', { from: 3, to: 14 }).prefault(usual)

const perDay = (usual: string) => whole('a number', { from: 1, to: 1_000 }).prefault(usual)

const lockout = {
  user: block({
    failures: whole('a number', { from: 1, to: 100 }).prefault('3').describe('Wrong PINs that lock a user at one phone.'),
    windowSeconds: seconds(1, aDay).prefault('300').describe('Period in which wrong PINs are counted.'),
    lockSeconds: seconds(1, aDay).prefault('900').describe('Duration of the first lock of a day; each further lock is twice as long.'),
    perPhoneAndDay: perDay('10').describe('Maximum wrong PINs of a user a day at one phone.'),
    freePerDay: perDay('20').describe('Wrong PINs a day at all phones new to the user before attempts are delayed.'),
    perDay: perDay('40').describe('Maximum wrong PINs a day at all phones new to the user (no correct PIN there for 30 days).'),
  })
    .refine(
      (user) => user.perPhoneAndDay <= user.freePerDay && user.freePerDay <= user.perDay,
      'expected perPhoneAndDay, freePerDay and perDay in growing order: one phone must not lock a user out at the others',
    )
    .prefault({}),
  device: block({
    failures: whole('a number', { from: 1, to: 100 }).prefault('10').describe('Wrong PINs that lock a phone, for any user.'),
    windowSeconds: seconds(1, aDay).prefault('900').describe('Period in which wrong PINs are counted.'),
    lockSeconds: seconds(1, aDay).prefault('900').describe('Duration of the lock. Logout and emergency calls are never locked.'),
    perDay: perDay('50').describe('Maximum wrong PINs a day at one phone, for any user.'),
  }).prefault({}),
}

/** The numbers of hotdesk's behaviour. Each has a default that suits most offices. */
export const behaviour = {
  login: block({
    tries: whole('a number', { from: 1, to: 10 }).prefault('3').describe('PIN attempts in one call.'),
    firstDigitSeconds: seconds(1, 60).prefault('5').describe('Timeout for the first digit.'),
    nextDigitSeconds: seconds(1, 60).prefault('3').describe('Timeout for each further digit.'),
    silenceSeconds: seconds(2, 600).prefault('10').describe('Ends the PIN dialogue after this time without audio from the phone.'),
    answerMilliseconds: whole('milliseconds', { from: 0, to: 10_000 })
      .prefault('500')
      .describe('Minimum time from the last digit to the announcement. It slows guessing and hides the reason of a refusal.'),
  }).prefault({}),
  pin: block({
    minDigits: digits('4').describe('Minimum PIN length.'),
    maxDigits: digits('10').describe('Maximum PIN length. At this length `#` is optional.'),
    issuedDigits: digits('6').describe('Length of generated PINs.'),
  })
    .refine(
      (pin) => pin.minDigits <= pin.issuedDigits && pin.issuedDigits <= pin.maxDigits,
      'expected minDigits, issuedDigits and maxDigits in growing order',
    )
    .prefault({}),
  lockout: block(lockout).prefault({}),
  registration: block({
    minSeconds: seconds(1, aDay).prefault('60').describe('Minimum registration; shorter ones get 423 (RFC 3261 §10.3).'),
    maxSeconds: seconds(60, aDay).prefault('3600').describe('Maximum registration; longer ones are shortened.'),
    defaultSeconds: seconds(60, aDay).prefault('3600').describe('Registration of a phone that requests no time.'),
    keepAliveSeconds: seconds(0, 3_600)
      .prefault('25')
      .describe('Interval of keep-alive datagrams to phones behind NAT that registered over UDP. `0`: never.'),
  })
    .refine(
      (span) => span.minSeconds <= span.defaultSeconds && span.defaultSeconds <= span.maxSeconds,
      'expected minSeconds, defaultSeconds and maxSeconds in growing order',
    )
    .prefault({}),
  calls: block({
    busyGraceMilliseconds: whole('milliseconds', { from: 0, to: 60_000 })
      .prefault('2000')
      .describe('After one contact of a user is busy, the others have this time to start ringing.'),
  }).prefault({}),
  emergency: block({
    quietSeconds: seconds(0, aDay)
      .prefault('600')
      .describe('Quiet time after an emergency call: no refresh of the phone, and only the person at it can log in or out.'),
    callBackMinutes: whole('minutes', { from: 1, to: 10_080 })
      .prefault('180')
      .describe('Time in which a PSAP callback to the emergency number of a site or phone rings the phone that called.'),
    stopSeconds: seconds(0, 3_600)
      .prefault('300')
      .describe('Maximum time that a stopping node waits for emergency calls. Then it exits; their audio goes on between the ends.'),
    unprovenPerSource: whole('calls', { from: 1, to: 1_000 })
      .prefault('3')
      .describe('Maximum emergency calls from one address without proof of its phone. Proven phones are never limited.'),
    unprovenTotal: whole('calls', { from: 1, to: 1_000 })
      .prefault('6')
      .describe('Maximum emergency calls without proof from all addresses, at this node.'),
    unprovenSeconds: seconds(1, 3_600).prefault('30').describe('Such a call counts while it lasts, and at least this long from its start.'),
  })
    .refine((limits) => limits.unprovenPerSource <= limits.unprovenTotal, 'expected unprovenPerSource not above unprovenTotal')
    .prefault({}),
}

export type Behaviour = { readonly [Section in keyof typeof behaviour]: Readonly<z.output<(typeof behaviour)[Section]>> }
