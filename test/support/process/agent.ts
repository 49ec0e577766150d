import { createInterface } from 'node:readline'
import { z } from 'zod'
import { systemClock } from '../../../src/base/clock.js'
import { startChild } from './child.js'

/** A program that answers requests: lines of JSON on its standard input and output. */
export interface Agent {
  /** What it reports when it has started. */
  readonly started: AgentAnswer
  /** @throws when it reports a fault, or nothing in time */
  ask(name: string, parts?: Readonly<Record<string, string | number>>): Promise<AgentAnswer>
  close(): Promise<void>
}

const answerForm = z.looseObject({ id: z.number(), fault: z.string().optional() })
export type AgentAnswer = z.output<typeof answerForm>

/** @param patienceMs limit for any answer */
export async function openAgent([program, args]: readonly [program: string, args: readonly string[]], patienceMs: number): Promise<Agent> {
  const child = startChild(program, args, { stdio: ['pipe', 'pipe', 'inherit'] })
  const gone = new Promise((resolve) => child.once('exit', resolve))
  const waiting = new Map<number, (answer: AgentAnswer) => void>()
  let last = 0
  createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (line) => {
    const answer = answerForm.parse(JSON.parse(line))
    waiting.get(answer.id)?.(answer)
    waiting.delete(answer.id)
  })

  function answerTo(id: number, what: string): Promise<AgentAnswer> {
    return new Promise((resolve, reject) => {
      const late = systemClock.after(patienceMs, () => reject(new Error(`${what} had no answer within ${patienceMs} ms`)))
      waiting.set(id, (answer) => {
        late.cancel()
        if (answer.fault === undefined) resolve(answer)
        else reject(new Error(`${what}: ${answer.fault}`))
      })
    })
  }

  return {
    started: await answerTo(0, `the start of ${program}`),
    ask(name, parts = {}) {
      const id = ++last
      const answer = answerTo(id, `${name} ${String(parts.device ?? parts.call ?? '')}`)
      child.stdin?.write(`${JSON.stringify({ id, do: name, ...parts })}\n`)
      return answer
    },
    async close() {
      child.stdin?.end()
      await gone
    },
  }
}
