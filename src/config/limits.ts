import type { Behaviour } from './behaviour.js'

export function registrationOf({ registration }: Pick<Behaviour, 'registration'>) {
  const { minSeconds, maxSeconds, defaultSeconds, keepAliveSeconds } = registration
  return { minExpires: minSeconds, maxExpires: maxSeconds, defaultExpires: defaultSeconds, keepAliveMs: keepAliveSeconds * 1_000 }
}

export function unprovenLimits({ emergency }: Pick<Behaviour, 'emergency'>) {
  return { perSource: emergency.unprovenPerSource, total: emergency.unprovenTotal, holdMs: emergency.unprovenSeconds * 1_000 }
}

export function dialogueTiming({ login, pin }: Pick<Behaviour, 'login' | 'pin'>) {
  return {
    tries: login.tries,
    firstDigitMs: login.firstDigitSeconds * 1_000,
    nextDigitMs: login.nextDigitSeconds * 1_000,
    silentMs: login.silenceSeconds * 1_000,
    answerMs: login.answerMilliseconds,
    pinDigits: pin.maxDigits,
  }
}
