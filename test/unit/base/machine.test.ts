import { beforeEach, describe, expect, test } from 'vitest'
import { atStart, createRunner, type MachineState, type Table, type TimerAction, timerActions } from '../../../src/base/machine.js'
import { createManualClock, type ManualClock } from '../../support/process/manual-clock.js'

type State = 'idle' | 'busy' | 'over'
type Input = 'go' | 'inner' | 'end' | 'fail' | 'timer R' | 'timer G'
type Word = 'note' | 'feed inner' | 'feed fail' | 'throw'
type Timer = 'R' | 'G'

interface Subject extends MachineState<State> {
  readonly seen: string[]
}

const { start, stop, double, repeat } = timerActions<Timer>('R', 'G')

const table: Table<State, Input, Word | TimerAction<Timer>> = {
  idle: {
    go: ['busy', start.R, start.G, 'feed inner', 'note'],
    end: ['busy', 'throw'],
    fail: ['busy', start.G, 'feed inner', 'feed fail', 'feed inner', 'throw', 'note'],
  },
  busy: {
    fail: ['over', 'throw', 'note'],
    inner: ['busy', 'note'],
    'timer R': ['busy', 'note', double.R],
    go: ['busy', stop.R, repeat.R],
    'timer G': ['over', 'note'],
    end: ['over'],
  },
  over: {},
}

describe('the runner of state machines', () => {
  let clock: ManualClock
  let subject: Subject
  let ended: string[]
  let faults: unknown[]
  let giveUpMs: number

  beforeEach(() => {
    clock = createManualClock()
    subject = { ...atStart<State>('idle'), seen: [] }
    ended = []
    faults = []
    giveUpMs = 1_000
  })

  function runner() {
    const made = createRunner<State, Input, Word, Timer, Subject, string>({
      table,
      actions: {
        note: ({ seen, state }, detail) => void seen.push(`${state} ${clock.now()} ${detail ?? ''}`.trim()),
        'feed inner': (one) => made.feed(one, 'inner', 'inner'),
        'feed fail': (one) => made.feed(one, 'fail'),
        throw() {
          throw new Error('an action has failed')
        },
      },
      timing: {
        clock,
        rules: { R: { after: () => 100, longest: () => 300, input: 'timer R' }, G: { after: () => giveUpMs, input: 'timer G' } },
        onFault: (fault) => faults.push(fault),
      },
      ended: ({ state }) => ended.push(state),
    })
    return made
  }

  test('handles an input from inside an action after the actions of the first, with its own detail', () => {
    const began = clock.now()
    runner().feed(subject, 'go', 'outer')
    expect(subject.seen).toEqual([`busy ${began} outer`, `busy ${began} inner`])
  })

  test('doubles a timer up to its longest time', () => {
    const began = clock.now()
    runner().feed(subject, 'go')
    subject.seen.length = 0
    clock.advance(950)
    expect(subject.seen.map((line) => Number(line.split(' ')[1]) - began)).toEqual([100, 300, 600, 900])
  })

  test('repeats a timer with its longest time', () => {
    const began = clock.now()
    const { feed } = runner()
    feed(subject, 'go')
    feed(subject, 'go')
    subject.seen.length = 0
    clock.advance(350)
    expect(subject.seen.map((line) => Number(line.split(' ')[1]) - began)).toEqual([300])
  })

  test('stops all timers at the end, reports it once, and ignores what follows', () => {
    const { feed } = runner()
    feed(subject, 'go')
    feed(subject, 'end')
    feed(subject, 'go')
    subject.seen.length = 0
    clock.advance(5_000)
    expect([subject.state, ended, subject.seen]).toEqual(['over', ['over'], []])
  })

  test('fires a timer of 0 ms right after the actions of its cell, and one of infinite time never', () => {
    giveUpMs = 0
    runner().feed(subject, 'go')
    expect([subject.state, ended]).toEqual(['over', ['over']])
    subject = { ...atStart<State>('idle'), seen: [] }
    giveUpMs = Number.POSITIVE_INFINITY
    runner().feed(subject, 'go')
    clock.advance(1_000_000)
    expect(subject.state).toBe('busy')
  })

  test('an action that throws fails its caller and leaves the machine usable; from a timer it goes to onFault', () => {
    const { feed, accepts } = runner()
    expect(accepts(subject, 'inner')).toBe(false)
    expect(() => feed(subject, 'end')).toThrow('an action has failed')
    expect(accepts(subject, 'inner')).toBe(true)
    feed(subject, 'inner')
    expect(subject.seen).toHaveLength(1)
  })

  test('an input that waits behind an action that throws is handled before the caller gets the fault', () => {
    const { feed } = runner()
    const thrown = () => {
      try {
        feed(subject, 'fail')
      } catch (fault) {
        return fault
      }
      return null
    }
    const fault = thrown()
    // The last `inner` finds the machine over.
    expect(subject.seen).toEqual([`busy ${clock.now()} inner`])
    expect(fault).toBeInstanceOf(AggregateError)
    expect((fault as AggregateError).errors.map(String)).toEqual(['Error: an action has failed', 'Error: an action has failed'])
  })

  test('a machine that reaches its end by an action that throws has ended, with its timers stopped', () => {
    const { feed } = runner()
    expect(() => feed(subject, 'fail')).toThrow()
    expect([subject.state, ended, subject.running]).toEqual(['over', ['over'], null])
    clock.advance(5_000)
    expect(faults).toEqual([])
  })
})
