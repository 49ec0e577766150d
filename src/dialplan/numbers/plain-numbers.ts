import { isBlock, keyText, type ParsedFile, type Path, type Problem, quote } from '../../config/yaml/yaml-schema.js'

/** Where a plan file has numbers and patterns of numbers. `each`: of every key of a block, or every item of a list. */
type Shape = 'number' | { readonly each: Shape; readonly keys?: 'numbers' } | { readonly block: Readonly<Record<string, Shape>> }

const list: Shape = { each: 'number' }

const plan: Shape = {
  block: {
    elin: 'number',
    extensions: list,
    alertInfo: list,
    emergency: { each: 'number', keys: 'numbers' },
    dids: { each: 'number', keys: 'numbers' },
    trunks: { each: { block: { callerId: 'number' } } },
    routes: { each: { block: { match: 'number', prepend: 'number', callerId: 'number' } } },
    shortCodes: { each: { block: { extension: 'number', prepend: 'number', callerId: 'number', forward: 'number' } }, keys: 'numbers' },
    rights: { each: { block: { allow: list, bar: list } } },
  },
}

/**
 * A number without its visual separators, which have no meaning (RFC 3966 §5.1.1): `+44 20 7946-0100` becomes `+442079460100`. Anything else is
 * unchanged. A last `.` belongs to a pattern. The 0 of `+44 (0)20` is not dialled after a country code, so that text is not a number.
 */
function plainNumber(text: string): string {
  if (/^\s*\+.*\(0+\)/.test(text)) return text
  const plain = text.trim().replace(/[\s()-]|\.(?!$)/g, '')
  return /^[+0-9*#XZN]+\.?$/.test(plain) ? plain : text
}

/** The file with plain numbers, and a problem for each key that is the same number as an earlier one. Places are those of the file as written. */
export function withPlainNumbers(written: ParsedFile): { readonly written: ParsedFile; readonly problems: readonly Problem[] } {
  const problems: Problem[] = []
  /** Of each block with numbers as keys: plain → as written. */
  const renamed = new Map<string, ReadonlyMap<string, string>>()

  function plainKeys(block: Record<string, unknown>, path: Path): Record<string, unknown> {
    const names = new Map<string, string>()
    for (const key of Object.keys(block)) {
      const plain = plainNumber(key)
      const earlier = names.get(plain)
      if (earlier === undefined) names.set(plain, key)
      else
        problems.push({
          place: written.placeOf([...path, key]),
          key: keyText([...path, key]),
          message: `is the same number as ${quote(earlier)}`,
        })
    }
    renamed.set(keyText(path), names)
    return Object.fromEntries(Array.from(names, ([plain, key]) => [plain, block[key]]))
  }

  function plainValue(value: unknown, shape: Shape, path: Path): unknown {
    if (shape === 'number') return typeof value === 'string' ? plainNumber(value) : value
    if ('block' in shape) {
      if (!isBlock(value)) return value
      return Object.fromEntries(
        Object.entries(value).map(([key, found]) => {
          const known = Object.hasOwn(shape.block, key) ? shape.block[key] : undefined
          return [key, known ? plainValue(found, known, [...path, key]) : found]
        }),
      )
    }
    if (Array.isArray(value)) return value.map((item, index) => plainValue(item, shape.each, [...path, index]))
    if (typeof value === 'string') return shape.each === 'number' ? value.split(',').map(plainNumber).join(',') : value
    if (!isBlock(value)) return value
    const block = shape.keys ? plainKeys(value, path) : value
    return Object.fromEntries(Object.entries(block).map(([key, found]) => [key, plainValue(found, shape.each, [...path, key])]))
  }

  const value = plainValue(written.value, plan, [])
  const placeOf = (path: Path): string => {
    const [first, key, ...rest] = path
    const original = typeof key === 'string' && first !== undefined ? renamed.get(keyText([first]))?.get(key) : undefined
    return written.placeOf(first === undefined || original === undefined ? path : [first, original, ...rest])
  }
  return { written: { ...written, value, placeOf }, problems }
}
