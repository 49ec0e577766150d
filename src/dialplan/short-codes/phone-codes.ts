import type { z } from 'zod'
import type { SiteCodes } from '../../directory/directory.js'
import type { Codes } from '../codes.js'
import { fixedLength, type Pattern, parsePattern } from '../pattern.js'
import type { shortCodesKey } from './short-code.js'

interface PhoneCodesFile {
  readonly codes: Codes
  readonly extensions: readonly Pattern[]
  readonly shortCodes: z.output<typeof shortCodesKey>
  readonly voicemail?: { readonly trunk: string } | undefined
}

/** What the keys of a phone dial. Of several codes with one meaning, the first counts. */
export function phoneCodesOf({ codes, extensions, shortCodes, voicemail }: PhoneCodesFile): SiteCodes {
  const entries = Object.entries(shortCodes).map(([code, action]) => ({ code, ...action }))
  const features = entries.flatMap(({ code, feature }) => (feature === undefined ? [] : named(feature, code)))
  const breakOuts = entries.flatMap(({ code, breakOut }) => (breakOut === undefined ? [] : named(`break-out.${breakOut}`, code)))
  const messages = entries.filter(({ code, trunks }) => !isOpen(code) && trunks?.length === 1 && trunks[0] === voicemail?.trunk)
  const all = [
    ['login', codes.login],
    ['logout', codes.logout],
    ...(codes.logoutEverywhere === null ? [] : [['logout-everywhere', codes.logoutEverywhere] as const]),
    ...features,
    ...breakOuts,
    ...messages.flatMap(({ code }) => named('voicemail', code)),
  ] as const
  const logins = extensions.filter(({ open }) => !open).map(({ text }) => `${codes.login}${text}*`)
  return {
    named: new Map(all.toReversed()),
    closed: [...new Set([codes.logout, ...logins, ...entries.flatMap(({ code }) => (isCode(code) && !isOpen(code) ? [code] : []))])],
  }
}

/** The part of a code before what the user adds. A code with a wildcard elsewhere is not for keys. */
function named(name: string, code: string): (readonly [name: string, code: string])[] {
  const pattern = parsePattern(code)
  return pattern !== null && fixedLength(pattern) === pattern.positions.length ? [[name, isOpen(code) ? code.slice(0, -1) : code]] : []
}

function isOpen(code: string): boolean {
  return code.endsWith('.')
}

function isCode(code: string): boolean {
  return /^[*#]/.test(code)
}
