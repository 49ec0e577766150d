import type { Settings } from '../formats/format.js'

/** A problem for each setting that is absent or empty. */
export function absent(settings: Settings, names: readonly string[]): readonly string[] {
  return names.filter((name) => (settings.get(name)?.at(-1) ?? '') === '').map((name) => `${name} is not set`)
}

/** A problem for each setting that a file has twice: phones differ in which of the two they take. */
export function repeated(settings: Settings): readonly string[] {
  return Array.from(settings).flatMap(([name, { length }]) => (length > 1 ? [`${name} is set ${length} times`] : []))
}

/** A problem for each setting with a name like that and a value that is not allowed. */
export function odd(settings: Settings, name: RegExp, allowed: (value: string) => boolean): readonly string[] {
  const found = Array.from(settings).filter(([each, values]) => name.test(each) && !values.every(allowed))
  return found.map(
    ([each, values]) => `${each} is ${JSON.stringify(values.find((value) => !allowed(value)))}, which the phone does not know`,
  )
}
