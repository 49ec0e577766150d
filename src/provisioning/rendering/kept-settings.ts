import type { Settings } from '../formats/format.js'

/**
 * What an override has changed that it may not: the phone would lose its identity, its logout key or its emergency numbers.
 *
 * @param kept names of the settings that belong to the login
 */
export function changedSettings(kept: readonly RegExp[], own: Settings, changed: Settings): readonly string[] {
  const names = [...new Set([...own.keys(), ...changed.keys()])].filter((name) => kept.some((pattern) => pattern.test(name)))
  return names
    .filter((name) => JSON.stringify(own.get(name)) !== JSON.stringify(changed.get(name)))
    .map((name) => `${verb(name)} ${name}, which belongs to the login`)

  function verb(name: string): string {
    if (!changed.has(name)) return 'drops'
    return own.has(name) ? 'changes' : 'adds'
  }
}
