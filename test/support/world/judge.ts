import { until } from '../node/node-health.js'
import type { Role, WorldCase } from './case-file.js'
import { breachOf, type WireMessage } from './message.js'
import type { Played } from './play.js'
import type { WorldStage } from './stage.js'

export type Readings = ReadonlyMap<string, number>

/** Every metric with its labels, as `/metrics` prints them. */
export async function readMetrics({ node }: WorldStage): Promise<Readings> {
  const text = await (await fetch(`${node.http}/metrics`)).text()
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))] as const))
}

/** What is wrong with what came of a case, one line each; none where it is right. */
export function faultsOf({ expect, inCall }: WorldCase, { cast, status, statuses, faults }: Played): string[] {
  const found = [...faults]
  const wanted = expect.status ?? (inCall ? 200 : undefined)
  if (wanted !== undefined && status !== wanted) found.push(`status: ${status}, expected ${wanted}`)
  for (const [name, got] of statuses) {
    const expected = expect.statuses?.[name]
    if (expected === undefined ? got >= 300 : got !== expected) found.push(`response to ${name}: ${got}, expected ${expected ?? 'a 2xx'}`)
  }
  for (const name of Object.keys(expect.statuses ?? {})) if (!statuses.has(name)) found.push(`${name} was never sent`)
  for (const role of Object.keys(cast) as Role[]) found.push(...unseen(role, cast[role].heard, expect[role]))
  for (const party of new Set(Object.values(cast))) {
    found.push(...party.heard.flatMap((message) => breachOf(message) ?? []).map((breach) => `the node sent ${breach}`))
  }
  return found
}

function unseen(role: Role, heard: readonly WireMessage[], wanted: Readonly<Record<string, readonly string[]>> = {}): string[] {
  return Object.entries(wanted).flatMap(([name, patterns]) => {
    const message = heard.findLast((each) => each.name === name)
    if (!message) return [`the ${role} has not seen ${name}, but: ${heard.map((each) => each.name).join(', ') || 'nothing'}`]
    const text = message.text.replaceAll('\r\n', '\n')
    return patterns.filter((pattern) => !fits(text, pattern)).map((pattern) => `the ${role}'s ${name} does not fit ${pattern}:\n${text}`)
  })
}

/** A pattern that begins with `! ` must fit nowhere. Text is read as UTF-8. */
function fits(text: string, pattern: string): boolean {
  const readable = Buffer.from(text, 'latin1').toString('utf8')
  const isWanted = !pattern.startsWith('! ')
  return new RegExp(isWanted ? pattern : pattern.slice(2), 'm').test(readable) === isWanted
}

/** Waits until each metric has grown as the case says. */
export async function metricsGrow({ expect }: WorldCase, before: Readings, stage: WorldStage): Promise<void> {
  for (const [name, by] of Object.entries(expect.metrics ?? {})) {
    await until(
      `${name} grows by ${by}`,
      async () => ((await readMetrics(stage)).get(name) ?? 0) - (before.get(name) ?? 0),
      (grown) => grown === by,
    )
  }
}
