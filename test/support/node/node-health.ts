import { pause, systemClock } from '../../../src/base/clock.js'
import type { TestNode } from './node.js'

export interface NodeReadiness {
  readonly status: number
  readonly reasons: readonly string[]
}

/** What `/readyz` says now. */
export async function readinessOf({ http }: Pick<TestNode, 'http'>): Promise<NodeReadiness> {
  const answer = await fetch(`${http}/readyz`)
  return { status: answer.status, reasons: ((await answer.json()) as { reasons: readonly string[] }).reasons }
}

/** Resolves when `/readyz` answers with that status. */
export async function untilReadiness(node: Pick<TestNode, 'http'>, status: number, withinMs = 8_000): Promise<NodeReadiness> {
  return until(
    `/readyz answers ${status}`,
    () => readinessOf(node),
    (readiness) => readiness.status === status,
    withinMs,
  )
}

/** The value of a metric without labels, as Prometheus reads it. */
export async function metricOf({ http }: Pick<TestNode, 'http'>, name: string): Promise<number> {
  const text = await (await fetch(`${http}/metrics`)).text()
  const line = text.split('\n').find((each) => each.startsWith(`${name} `))
  if (!line) throw new Error(`there is no metric ${name}`)
  return Number(line.slice(name.length + 1))
}

/** Asks again and again until the answer is as wanted: for what tells of itself to nobody. */
export async function until<Answer>(
  what: string,
  ask: () => Promise<Answer> | Answer,
  isWanted: (answer: Answer) => boolean,
  withinMs = 5_000,
): Promise<Answer> {
  const deadline = systemClock.now() + withinMs
  for (;;) {
    const answer = await ask()
    if (isWanted(answer)) return answer
    if (systemClock.now() > deadline) throw new Error(`not within ${withinMs} ms: ${what}; last seen: ${JSON.stringify(answer)}`)
    await pause(systemClock, 20)
  }
}
