import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { errors } from '../../base/errors.js'
import { Secret } from '../../base/secret.js'

/** Asks at the terminal without echo; without a terminal, reads standard input. @throws AppError COMMAND_REFUSED */
export async function askSecret(question: string): Promise<Secret> {
  const typed = process.stdin.isTTY ? await typedAfter(question) : (await text(process.stdin)).trim()
  if (typed === '') throw errors.COMMAND_REFUSED.noPassword()
  return new Secret(typed)
}

async function typedAfter(question: string): Promise<string> {
  process.stderr.write(question)
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() })
  const lines = createInterface({ input: process.stdin, output: silent, terminal: true })
  const closed = new Promise<string>((resolve) => lines.once('close', () => resolve('')))
  try {
    return await Promise.race([lines.question(''), closed])
  } finally {
    lines.close()
    process.stderr.write('\n')
  }
}
