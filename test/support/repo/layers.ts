import type { Import, SourceFile } from './source-tree.js'

/** Layers from below; a file may import its own folder and whatever is in a lower layer. */
export const layers: readonly (readonly string[])[] = [
  ['base', 'config'],
  ['sip', 'media', 'phone-models'],
  ['sipd', 'srf', 'store', 'http'],
  ['directory', 'hotdesk', 'registrar', 'dialplan', 'trunks', 'control'],
  ['calls', 'ivr', 'phones', 'presence', 'messages', 'console', 'softphones', 'webhooks', 'trace', 'provisioning'],
  ['app.ts', 'app', 'sip-server.ts'],
  ['cli', 'main.ts'],
]

/** Within one layer: who may import whom. */
const neighbours: readonly (readonly [from: string, to: string])[] = [
  ['config', 'base'],
  ['hotdesk', 'directory'],
  ['registrar', 'directory'],
  ['dialplan', 'directory'],
  ['trunks', 'directory'],
  // The dial plan declares the trunks and knows the numbers that they are shown.
  ['trunks', 'dialplan'],
  ['app.ts', 'app'],
  ['app.ts', 'sip-server.ts'],
  ['app', 'sip-server.ts'],
  ['main.ts', 'cli'],
]

/** Folders of these layers are entered by their door alone: the file that has the folder's name. */
const layersWithDoors = [2, 3, 4]

/** `src/calls/legs/leg.ts` → `calls`, `src/app.ts` → `app.ts` */
export function partOf(path: string): string {
  return path.split('/')[1] ?? ''
}

export function layerOf(part: string): number {
  return layers.findIndex((parts) => parts.includes(part))
}

/** Why an import is not allowed; null where it is. */
export function objection(from: string, target: string): string | null {
  const [here, there] = [partOf(from), partOf(target)]
  if (here === there) return null
  const [below, above] = [layerOf(there), layerOf(here)]
  if (below < 0) return `${there} is in no layer`
  const mayNeighbour = neighbours.some(([importer, imported]) => importer === here && imported === there)
  if (below > above) return `${here} is below ${there}`
  if (below === above && !mayNeighbour) return `${here} and ${there} are of one layer`
  if (layersWithDoors.includes(below) && target !== `src/${there}/${there}.ts`) return `not by the door src/${there}/${there}.ts`
  return null
}

/** Every import that the layers forbid, with its place. */
export function objections(files: readonly SourceFile[]): string[] {
  return files.flatMap(({ path, imports }) => imports.flatMap((one) => complaint(path, one)))
}

function complaint(path: string, { line, target }: Import): string[] {
  const why = target === null ? null : objection(path, target)
  return why === null ? [] : [`${path}:${line} imports ${target}: ${why}`]
}

/** Groups of files that import each other in a circle; type imports count. */
export function circles(files: readonly SourceFile[]): string[] {
  const graph = new Map(files.map(({ path, imports }) => [path, imports.flatMap(({ target }) => target ?? [])]))
  const found: string[] = []
  const done = new Set<string>()
  const walk = (path: string, trail: readonly string[]): void => {
    const start = trail.indexOf(path)
    if (start >= 0) found.push([...trail.slice(start), path].join(' → '))
    if (start >= 0 || done.has(path)) return
    for (const next of graph.get(path) ?? []) walk(next, [...trail, path])
    done.add(path)
  }
  for (const path of graph.keys()) walk(path, [])
  return found
}
