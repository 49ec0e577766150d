import { parsePort } from '../../base/host-port.js'
import { form } from '../yaml/yaml-schema.js'

export const matching = (pattern: RegExp) => (text: string) => (pattern.test(text) ? text : null)

export const wordOf =
  <Word extends string>(words: readonly Word[]) =>
  (text: string): Word | null =>
    words.find((word) => word === text) ?? null

/** `yes or no`, `one of udp, tcp, tls` */
export function choiceOf(words: readonly string[]): string {
  return words.length === 2 ? words.join(' or ') : `one of ${words.join(', ')}`
}

export const oneOf = <Word extends string>(words: readonly Word[]) => form(choiceOf(words), wordOf(words), { enum: words })

interface Range {
  readonly from: number
  readonly to: number
}

/** A whole number; `unit` completes "expected seconds, 1 to 60". */
export const whole = (unit: string, { from, to }: Range) =>
  form(`${unit}, ${from} to ${to}`, (text) =>
    /^[0-9]{1,7}$/.test(text) && Number(text) >= from && Number(text) <= to ? Number(text) : null,
  )

export const seconds = (from: number, to: number) => whole('seconds', { from, to })

export const file = form('a file', matching(/./))

/** Unprivileged ports, at least two. */
export const portRange = form('a range such as 20000-24999', (text): Range | null => {
  const parts = /^([0-9]+)-([0-9]+)$/.exec(text)
  const [from, to] = [parsePort(parts?.[1]), parsePort(parts?.[2])]
  return from === null || to === null || from < 1024 || to <= from ? null : { from, to }
})
