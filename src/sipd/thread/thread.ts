import type { Worker } from 'node:worker_threads'
import type { Clock, Milliseconds } from '../../base/clock.js'
import { AppError } from '../../base/errors.js'
import type { Logger } from '../../base/logger.js'
import type { Sipd } from '../contract.js'
import type { Answer, BareFault, Beginning, LogLine, News, Question } from './messages.js'

/** One thread that runs a server. */
export interface Thread {
  readonly places: Pick<Sipd, 'listening' | 'admin'>
  /** Rejects if the thread refuses, or ends before it has answered. */
  ask(question: UnnumberedQuestion): Promise<Answer>
  /** Resolves with the reason when the thread has ended. */
  readonly ended: Promise<unknown>
  /** Closes the server; terminates the thread if that takes too long. */
  end(): Promise<void>
}

type WithoutNumber<Kind> = Kind extends unknown ? Omit<Kind, 'id'> : never
export type UnnumberedQuestion = WithoutNumber<Question>

/** Starts the worker. */
export type StartWorker = (beginning: Beginning) => Worker

export interface ThreadNeeds {
  readonly start: StartWorker
  readonly beginning: Beginning
  readonly clock: Clock
  readonly log: Logger
  readonly flowGone: (flow: string) => void
}

const closeMs: Milliseconds = 3_000

/** Resolves when the server listens. @throws AppError if it cannot */
export function openThread({ start, beginning, clock, log, flowGone }: ThreadNeeds): Promise<Thread> {
  const worker = start(beginning)
  const questions = createQuestions(worker)
  let fault: unknown = null
  worker.on('error', (thrown) => {
    fault = thrown
  })
  const ended = new Promise<unknown>((resolve) => {
    worker.once('exit', (code) => {
      const why = fault ?? new Error(`the thread of the SIP server ended with code ${code}`)
      questions.giveUp(why)
      resolve(why)
    })
  })

  async function end(): Promise<void> {
    const tooLate = clock.after(closeMs, () => void worker.terminate())
    questions.ask({ kind: 'close' }).catch(() => worker.terminate())
    await ended
    tooLate.cancel()
  }

  return new Promise((resolve, reject) => {
    const relay = relayInto(log)
    worker.on('message', (news: News) => {
      if (news.kind === 'log') relay(news.line)
      else if (news.kind === 'flow gone') flowGone(news.flow)
      else if (news.kind === 'answer') questions.answered(news)
      else if (news.kind === 'failed') {
        reject(raised(news.fault))
        void worker.terminate()
      } else resolve({ places: news.places, ask: questions.ask, ended, end })
    })
    ended.then(reject, reject)
  })
}

interface Questions {
  ask(question: UnnumberedQuestion): Promise<Answer>
  answered(news: News & { readonly kind: 'answer' }): void
  giveUp(why: unknown): void
}

function createQuestions(worker: Worker): Questions {
  const open = new Map<number, { resolve(answer: Answer): void; reject(fault: unknown): void }>()
  let last = 0
  return {
    ask: (question) =>
      new Promise((resolve, reject) => {
        last += 1
        open.set(last, { resolve, reject })
        worker.postMessage({ ...question, id: last } satisfies Question)
      }),
    answered({ id, fault, counts, recorded }) {
      const pending = open.get(id)
      open.delete(id)
      if (fault) pending?.reject(raised(fault))
      else pending?.resolve({ counts, recorded })
    },
    giveUp(why) {
      for (const pending of open.values()) pending.reject(why)
      open.clear()
    },
  }
}

function raised(fault: BareFault): Error {
  return fault.code === null ? new Error(fault.message) : new AppError(fault)
}

/** Writes the log lines of the thread. Errors in them are plain data already. */
function relayInto(log: Logger): (line: LogLine) => void {
  // The thread leaves out what its own level excludes.
  const own = log.child({}, { serializers: { err: (fault: unknown) => fault }, level: 'trace' })
  return ({ level, msg, ...fields }) => own[level](fields, msg)
}
