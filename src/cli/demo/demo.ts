import { systemClock } from '../../base/clock.js'
import { messageOf } from '../../base/errors.js'
import type { CommandNeeds } from '../needs.js'
import { wrapped } from '../output/terminal.js'
import { Mismatch } from './checks.js'
import { type DemoNetwork, openDemoNetwork } from './demo-network.js'
import { type Step, steps } from './steps.js'

/** Indentation under the titles. */
const margin = ' '.repeat(12)

/** Runs the steps; 1 if one failed. */
export async function demo({ terminal, provide }: CommandNeeds): Promise<0 | 1> {
  await provide('redis-server')
  const began = systemClock.now()
  const time = (): string => terminal.paint.faint(`${((systemClock.now() - began) / 1000).toFixed(1).padStart(6)} s`)
  const line = (mark: string, text: string): void => terminal.print(`${time()}  ${mark} ${text}`)

  terminal.print('')
  const network = await openDemoNetwork()
  try {
    for (const node of network.nodes) line(terminal.paint.good('✓'), `node ${node} is up`)
    for (const step of steps) {
      const result = await play(step, network)
      line(result.failure ? terminal.paint.bad('✗') : terminal.paint.good('✓'), step.title)
      for (const row of result.rows) terminal.print(`${margin}${terminal.paint.faint(row)}`)
      if (result.failure) return 1
    }
  } finally {
    await network.close()
  }
  terminal.print('')
  line(' ', `${terminal.paint.strong('Done:')} ${steps.length} steps, all verified.`)
  terminal.print(`${margin}To connect your own phones: ${terminal.paint.key('npm start')}`)
  terminal.print('')
  return 0
}

interface Result {
  readonly failure: boolean
  /** What was seen and, after a failure, what was expected. */
  readonly rows: readonly string[]
}

async function play(step: Step, network: DemoNetwork): Promise<Result> {
  try {
    return { failure: false, rows: wrapped(await step.play(network), 80 - margin.length) }
  } catch (fault) {
    const { expected, seen } = fault instanceof Mismatch ? fault : { expected: 'the step to succeed', seen: messageOf(fault) }
    return { failure: true, rows: [`expected: ${expected}`, `seen:     ${seen}`] }
  }
}
