import { globalEmergencyNumbers } from '../sip/uri/dialled.js'
import { fixedLength, type Pattern, parsePattern } from './pattern.js'
import type { PlanFile } from './plan-file.js'

/** The emergency numbers of a site. */
export interface EmergencyNumbers {
  /** Each as dialled, with and without the outside prefix, because in an emergency people dial what they know → the number to call. */
  readonly dialled: ReadonlyMap<string, string>
  /** Each as a trunk may get it → the number to call. */
  readonly sent: ReadonlyMap<string, string>
  /** `dialled`, alone and behind codes with which they are emergency calls as well: the SIP server lets calls to these pass under load. */
  readonly behindCodes: readonly string[]
}

export function emergencyNumbersOf(file: PlanFile): EmergencyNumbers {
  const { emergency, outside } = file
  const all = { ...Object.fromEntries(globalEmergencyNumbers.map((number) => [number, emergency['112'] ?? '112'])), ...emergency }
  const prefixed = Object.entries(all).map(([dialled, number]) => [`${outside}${dialled}`, number] as const)
  const dialled = new Map([...prefixed, ...Object.entries(all)])
  const behindCodes = [...behindBreakOuts(file, [...dialled.keys()]), ...beforeStripping(file, Object.keys(all))]
  return { dialled, sent: new Map(Object.entries(all)), behindCodes }
}

/** Each number alone, behind each break-out code, and behind two codes if the second has no sign by which the SIP server would find it. */
function behindBreakOuts({ shortCodes }: PlanFile, numbers: readonly string[]): readonly string[] {
  const codes = Object.entries(shortCodes).flatMap(([code, { breakOut }]) => {
    const pattern = breakOut === undefined ? null : parsePattern(code)
    return pattern ? [code.slice(0, fixedLength(pattern))] : []
  })
  const plain = codes.filter((code) => !/^[*#]/.test(code))
  const pairs = codes.flatMap((first) => plain.map((second) => `${first}${second}`))
  return ['', ...codes, ...pairs].flatMap((code) => numbers.map((number) => `${code}${number}`))
}

interface Stripping {
  /** What is dialled before the pattern. */
  readonly prefix: string
  readonly pattern: Pattern | null
  readonly strip: number
  readonly prepend: string
}

/** The digits that a route or a short code turns into one of the numbers. Patterns with open digits among those stripped are left out. */
function beforeStripping({ routes, shortCodes, outside }: PlanFile, numbers: readonly string[]): readonly string[] {
  const ways: readonly Stripping[] = [
    ...routes.map(({ match, strip, prepend }) => ({ prefix: match.text.startsWith('+') ? '' : outside, pattern: match, strip, prepend })),
    ...Object.entries(shortCodes).flatMap(([code, { trunks, strip = 0, prepend = '' }]) =>
      trunks ? [{ prefix: '', pattern: parsePattern(code), strip, prepend }] : [],
    ),
  ]
  return ways.flatMap(({ prefix, pattern, strip, prepend }) =>
    pattern === null || strip === 0 || fixedLength(pattern) < strip
      ? []
      : numbers
          .filter((number) => number.startsWith(prepend))
          .map((number) => `${prefix}${pattern.text.slice(0, strip)}${number.slice(prepend.length)}`),
  )
}
