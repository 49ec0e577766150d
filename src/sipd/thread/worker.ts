import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import { systemClock } from '../../base/clock.js'
import { isAppError, messageOf } from '../../base/errors.js'
import { createRelayedLogger } from '../../base/logger.js'
import { Secret } from '../../base/secret.js'
import type { Sipd } from '../contract.js'
import { createSipd } from '../sipd.js'
import {
  type Answer,
  type BareFault,
  type Beginning,
  identityOf,
  knownSourcesOf,
  type LogLine,
  type News,
  type Question,
} from './messages.js'

// Runs in the thread. This file is started, never imported.

async function begin(port: MessagePort, { secret, tls, knownSources, level, ...plain }: Beginning): Promise<void> {
  const tell = (news: News): void => port.postMessage(news)
  const log = createRelayedLogger(level, (line) => tell({ kind: 'log', line: JSON.parse(line) as LogLine }))
  try {
    const sipd = await createSipd({
      ...plain,
      secret: new Secret(secret),
      tls: tls && identityOf(tls),
      knownSources: knownSources && knownSourcesOf(knownSources),
      clock: systemClock,
      log,
      flowGone: (flow) => tell({ kind: 'flow gone', flow }),
    })
    port.on('message', (question: Question) => {
      answer(sipd, question).then(
        (answered) => {
          tell({ kind: 'answer', id: question.id, ...answered, fault: null })
          // Nothing else keeps the thread alive.
          if (question.kind === 'close') port.close()
        },
        (fault: unknown) => tell({ kind: 'answer', id: question.id, ...noAnswer, fault: bareFault(fault) }),
      )
    })
    tell({ kind: 'listening', places: { listening: sipd.listening, admin: sipd.admin } })
  } catch (fault) {
    tell({ kind: 'failed', fault: bareFault(fault) })
  }
}

const noAnswer: Answer = { counts: null, recorded: null }

async function answer(sipd: Sipd, question: Question): Promise<Answer> {
  if (question.kind === 'counts') return { ...noAnswer, counts: await sipd.counts() }
  if (question.kind === 'recorded') return { ...noAnswer, recorded: await sipd.recorded(question.search) }
  if (question.kind === 'log level') await sipd.setLogLevel(question.level)
  else if (question.kind === 'close idle') await sipd.closeIdle(question.flows)
  else if (question.kind === 'known sources') await sipd.setKnownSources(knownSourcesOf(question.knownSources))
  else if (question.kind === 'renew tls') await sipd.renewTls(identityOf(question.identity))
  else await sipd.close()
  return noAnswer
}

function bareFault(fault: unknown): BareFault {
  if (!isAppError(fault)) return { code: null, message: messageOf(fault) }
  const { code, says, todo, message } = fault
  return { code, says, todo, message }
}

if (parentPort) await begin(parentPort, workerData as Beginning)
