import type { Make } from './contract.js'

/** How a phone calls itself. */
export interface PhoneAgent {
  readonly make: Make
  /** `T54W`, `VVX_450` */
  readonly model: string | null
  /** Twelve lower-case hexadecimal digits. */
  readonly mac: string | null
  readonly firmware: string | null
}

/** Beginnings of names, longer than any real one. */
const longest = 256

/** `sign`: the make. `model`: its first group. */
const makers: readonly { readonly make: Make; readonly sign: RegExp; readonly model: RegExp }[] = [
  { make: 'yealink', sign: /yealink/i, model: /yealink[ _-](?:SIP-)?([A-Z]{1,3}[0-9]{1,4}[A-Z0-9_]{0,8})/i },
  { make: 'snom', sign: /snom/i, model: /snom[ _-]?([A-Z]{0,2}[0-9]{3}[A-Z]{0,3})/i },
  { make: 'grandstream', sign: /grandstream/i, model: /grandstream (?:model hw )?([A-Z]{2,4}[0-9]{3,4}[A-Z]{0,3})/i },
  { make: 'poly', sign: /\bpoly/i, model: /(VVX[ _]?[0-9]{3}|Edge[ _][A-Z][0-9]{2,3}|SPIP_[0-9]{3}|Trio_[A-Z0-9]{2,6}|CCX[ _]?[0-9]{3})/i },
  { make: 'fanvil', sign: /fanvil/i, model: /fanvil[ _-]([A-Z]{1,2}[0-9]{1,3}[A-Z]{0,3}(?:-V[0-9])?(?: Pro)?)/i },
  { make: 'gigaset', sign: /gigaset/i, model: /gigaset ((?:Maxwell ?[A-Z0-9]{1,8}|[A-Z]{1,2}[0-9]{3}[A-Z]{0,3})(?: IP PRO)?)/i },
  {
    make: 'cisco',
    sign: /cisco[ -](?:IP )?(?:Phone )?(?:CP-)?[0-9]{4}/i,
    model: /cisco[ -](?:IP )?(?:Phone )?(?:CP-)?([0-9]{4}[A-Z]{0,3})/i,
  },
]

/**
 * Reads the User-Agent of a phone, of HTTP or SIP, or the model in its record; null for a maker without a template. `Yealink SIP-T54W 96.86.0.20
 * 00:15:65:1a:2b:3c`, `snomD785/10.1.33.33`.
 */
export function readUserAgent(text: string): PhoneAgent | null {
  const shown = text.slice(0, longest)
  const found = makers.find(({ sign }) => sign.test(shown))
  if (!found) return null
  const words = shown.split(/[ ;()/]/).filter((word) => word !== '')
  return {
    make: found.make,
    model: found.model.exec(shown)?.[1] ?? null,
    mac: words.map(macIn).findLast((mac) => mac !== null) ?? null,
    firmware: words.find(isVersion) ?? null,
  }
}

/** With colons, without, and behind `SN:` as Poly writes it. */
function macIn(word: string): string | null {
  const digits = word.replace(/^SN:/i, '').replace(/[:-]/g, '').toLowerCase()
  return word.length <= 20 && /^[0-9a-f]{12}$/.test(digits) ? digits : null
}

/** `96.86.0.20`, `83.V2.11.0+build.a546b91`; not the `4.0` of `Mozilla/4.0`. */
function isVersion(word: string): boolean {
  return /^[0-9]{1,4}\.[0-9V]{1,5}\.[0-9A-Za-z.+]{1,40}$/.test(word)
}
