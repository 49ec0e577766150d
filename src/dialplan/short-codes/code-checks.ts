import { isBlock, itemsOf, keyText, type ParsedFile, type Problem, quote } from '../../config/yaml/yaml-schema.js'
import { globalEmergencyNumbers } from '../../sip/uri/dialled.js'
import { overlap, type Pattern, parsePattern, wildcards } from '../pattern.js'

/** The rest of the file, as patterns of what a phone dials. */
interface Targets {
  readonly extensions: readonly Pattern[]
  readonly routes: readonly Pattern[]
  readonly emergencies: readonly string[]
}

/** Checks of short codes against the rest of the file. Reads the text as written, so that other problems hide none of these. */
export function shortCodeChecks(written: ParsedFile): Problem[] {
  const { shortCodes, extensions, routes, outside, emergency } = isBlock(written.value) ? written.value : {}
  const prefix = typeof outside === 'string' ? outside : ''
  const emergencies = [...globalEmergencyNumbers, ...Object.keys(isBlock(emergency) ? emergency : {})]
  const targets: Targets = {
    extensions: patternsOf(itemsOf(extensions)),
    routes: patternsOf(itemsOf(routes).map((route) => dialledForm(isBlock(route) ? route.match : undefined, prefix))),
    emergencies: emergencies.flatMap((number) => [number, `${prefix}${number}`]),
  }
  return Object.entries(isBlock(shortCodes) ? shortCodes : {}).flatMap(([code, action]) => {
    const pattern = parsePattern(code)
    if (pattern === null || !isBlock(action)) return []
    return (['extension', 'forward'] as const).flatMap((name) => {
      const text = action[name]
      const target = typeof text === 'string' ? parsePattern(text) : null
      const message = target && (wildcardFault(pattern, target) ?? targetFault(name, target, targets))
      const path = ['shortCodes', code, name]
      return message ? [{ place: written.placeOf(path), key: keyText(path), message }] : []
    })
  })
}

/** What a phone dials for a route: a number with `+` needs no prefix. */
export function dialledForm(match: unknown, prefix: string): string {
  return `${String(match).startsWith('+') ? '' : prefix}${String(match)}`
}

function patternsOf(texts: readonly unknown[]): Pattern[] {
  return texts.flatMap((text) => (typeof text === 'string' ? (parsePattern(text) ?? []) : []))
}

function wildcardFault(code: Pattern, target: Pattern): string | null {
  const needed = wildcards(target)
  return needed === 0 || needed === wildcards(code) ? null : `needs as many open digits as ${quote(code.text)}, or none`
}

function targetFault(name: 'extension' | 'forward', target: Pattern, { extensions, routes, emergencies }: Targets): string | null {
  if (emergencies.includes(target.text)) return `${quote(target.text)} is an emergency number: a short code for it belongs under emergency`
  const leadsTo = name === 'extension' ? extensions : [...extensions, ...routes]
  if (leadsTo.some((pattern) => overlap(pattern, target))) return null
  return name === 'extension'
    ? `no pattern of extensions matches ${quote(target.text)}`
    : `neither extensions nor routes match ${quote(target.text)}`
}
