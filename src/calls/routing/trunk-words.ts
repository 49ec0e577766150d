import type { Trunk } from '../../dialplan/dialplan.js'

/** `one, then two`: the order in which trunks are tried. `one (weight 3) or two (weight 1)`: they share the calls. */
export function trunkWords(trunks: readonly Pick<Trunk, 'name' | 'weight'>[]): string {
  return trunks
    .map(({ name, weight }, at) => {
      const before = trunks[at - 1]
      const after = trunks[at + 1]
      const isShared = (other: Pick<Trunk, 'weight'> | undefined): boolean => weight !== undefined && other?.weight !== undefined
      const link = before === undefined ? '' : isShared(before) ? ' or ' : ', then '
      return `${link}${name}${isShared(before) || isShared(after) ? ` (weight ${weight})` : ''}`
    })
    .join('')
}
