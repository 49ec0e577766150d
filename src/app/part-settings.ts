import { join } from 'node:path'
import type { CallSettings } from '../calls/calls.js'
import type { Config } from '../config/config.js'

// The settings of a node in the units and names of its parts.

export function registrarSettings({
  registration,
  sip: { digest },
}: Pick<Config, 'registration'> & { readonly sip: Pick<Config['sip'], 'digest'> }) {
  const { minSeconds, maxSeconds, defaultSeconds, keepAliveSeconds } = registration
  return {
    ...digest,
    minExpires: minSeconds,
    maxExpires: maxSeconds,
    defaultExpires: defaultSeconds,
    keepAliveMs: keepAliveSeconds * 1_000,
  }
}

export function dialogueTiming({ login, pin }: Pick<Config, 'login' | 'pin'>) {
  return {
    tries: login.tries,
    firstDigitMs: login.firstDigitSeconds * 1_000,
    nextDigitMs: login.nextDigitSeconds * 1_000,
    silentMs: login.silenceSeconds * 1_000,
    answerMs: login.answerMilliseconds,
    pinDigits: pin.maxDigits,
  }
}

/** @param current the settings in force, which a reload changes */
export function callSettings(
  { data }: Pick<Config, 'data'>,
  current: () => Pick<Config, 'calls' | 'retentionDays' | 'emergency'>,
): CallSettings {
  return {
    recordsFolder: join(data, 'calls'),
    retentionDays: () => current().retentionDays,
    callBackMinutes: () => current().emergency.callBackMinutes,
    busyGraceMs: () => current().calls.busyGraceMilliseconds,
    emergencyStopSeconds: () => current().emergency.stopSeconds,
    unproven() {
      const { unprovenPerSource: perSource, unprovenTotal: total, unprovenSeconds } = current().emergency
      return { perSource, total, holdMs: unprovenSeconds * 1_000 }
    },
  }
}
