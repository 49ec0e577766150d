import { systemClock } from '../../base/clock.js'
import { messageOf } from '../../base/errors.js'
import type { CommandNeeds } from '../needs.js'
import { wrapped } from '../output/terminal.js'
import { openStage, type Stage } from './stage.js'
import { Mismatch, type Step, story } from './story.js'

/** Below the titles. */
const margin = ' '.repeat(12)

/** Tells the story; 1 where a step did not happen. */
export async function demo({ terminal, provide }: CommandNeeds): Promise<0 | 1> {
  await provide('redis-server')
  const began = systemClock.now()
  const time = (): string => terminal.paint.faint(`${((systemClock.now() - began) / 1000).toFixed(1).padStart(6)} s`)
  const line = (mark: string, text: string): void => terminal.print(`${time()}  ${mark} ${text}`)

  terminal.print('')
  const stage = await openStage()
  try {
    for (const node of stage.nodes) line(terminal.paint.good('✓'), `node ${node} is up`)
    for (const step of story) {
      const told = await play(step, stage)
      line(told.failure ? terminal.paint.bad('✗') : terminal.paint.good('✓'), step.title)
      for (const row of told.rows) terminal.print(`${margin}${terminal.paint.faint(row)}`)
      if (told.failure) return 1
    }
  } finally {
    await stage.close()
  }
  terminal.print('')
  line(' ', `${terminal.paint.strong('Done:')} ${story.length} steps, all verified.`)
  terminal.print(`${margin}To connect your own phones: ${terminal.paint.key('npm start')}`)
  terminal.print('')
  return 0
}

interface Told {
  readonly failure: boolean
  /** What was seen, and on a failure what was expected. */
  readonly rows: readonly string[]
}

async function play(step: Step, stage: Stage): Promise<Told> {
  try {
    return { failure: false, rows: wrapped(await step.play(stage), 80 - margin.length) }
  } catch (fault) {
    const { expected, seen } = fault instanceof Mismatch ? fault : { expected: 'the step to go through', seen: messageOf(fault) }
    return { failure: true, rows: [`expected: ${expected}`, `seen:     ${seen}`] }
  }
}
