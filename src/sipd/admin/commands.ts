import { createHash, timingSafeEqual } from 'node:crypto'
import { isAppError } from '../../base/errors.js'
import type { Logger } from '../../base/logger.js'
import type { Secret } from '../../base/secret.js'
import { readSavedDialog } from '../../sip/saved-dialog.js'
import type { UserAgent } from '../core/user-agent.js'
import type { Client } from './client.js'
import { readClientMessage } from './client-message.js'
import { parseDuration } from './duration.js'
import type { Registry } from './registry.js'

/** A command of a client: words, and for some commands a SIP message. */
interface Command {
  readonly id: string
  readonly words: readonly string[]
  /** Text below the header line; null if there is none. */
  readonly message: string | null
}

export interface CommandNeeds {
  readonly secret: Secret
  readonly registry: Registry
  readonly userAgent: UserAgent
  readonly log: Logger
  /** Resumes an application that was connected before. False if that is not possible. */
  readonly resume: (command: string, ticket: string, read: number) => boolean
  /** Words of the response to `authenticate`. */
  readonly greeting: () => readonly string[]
}

interface Row {
  /** Minimum number of words, id and name included. */
  readonly words: number
  /** The reason sent for fewer words. */
  readonly tooShort: string
  /** `anyone`: also clients that have not authenticated. */
  readonly from: 'anyone' | 'authenticated'
  /** A command about the connection itself is not repeated over another connection. */
  readonly about?: 'connection'
  readonly run: (client: Client, command: Command, needs: CommandNeeds) => void
}

/**
 * All commands. `received`, `leave` and `restore` are ours: an application that authenticates with the tag `resume=<ticket>:<frames read>` gets `resumable`
 * or `resumed=<commands read>`, acknowledges the frames that it reads, and can resume after a failure of the connection. `restore` continues
 * a dialog of a server that has restarted. An invalid command gets `NO`, and the connection is closed.
 */
const table: Readonly<Record<string, Row>> = {
  authenticate: { words: 3, tooShort: 'missing secret', from: 'anyone', about: 'connection', run: authenticate },
  received: { words: 3, tooShort: 'missing count', from: 'authenticated', about: 'connection', run: received },
  leave: { words: 2, tooShort: '', from: 'authenticated', about: 'connection', run: (client) => client.leave() },
  ping: { words: 2, tooShort: '', from: 'authenticated', run: (client, { id }) => client.accepted(id, 'pong') },
  route: { words: 3, tooShort: 'missing verb', from: 'authenticated', run: route },
  remove_route: { words: 3, tooShort: 'missing verb', from: 'authenticated', run: removeRoute },
  sip: { words: 4, tooShort: 'Invalid sip request: not enough information provided', from: 'authenticated', run: sip },
  restore: { words: 2, tooShort: '', from: 'authenticated', run: restore },
  proxy: { words: 10, tooShort: 'Invalid proxy request: not enough information provided', from: 'authenticated', run: proxy },
}

/** Executes the command in a frame. */
export function execute(client: Client, payload: string, needs: CommandNeeds): void {
  const command = readCommand(payload)
  const row = table[command.words[1] ?? '']
  if (!row || !Object.hasOwn(table, command.words[1] ?? '')) {
    client.dismissed(command.id, 'Unknown message type')
    return
  }
  if (row.from === 'authenticated' && !client.authenticated) {
    client.dismissed(command.id, 'not authenticated')
    return
  }
  if (command.words.length < row.words) {
    client.dismissed(command.id, row.tooShort)
    return
  }
  if (row.about !== 'connection') client.noteCommand()
  try {
    row.run(client, command, needs)
  } catch (fault) {
    // A fault concerns this command alone: an odd header of an application must not end its connection or the server.
    if (!isAppError(fault)) needs.log.error({ event: 'call.fault', err: fault, command: command.words[1] }, 'a command failed')
    client.refused(command.id, isAppError(fault) ? fault.message : 'Unknown server error')
  }
}

function readCommand(payload: string): Command {
  const end = payload.indexOf('\r\n')
  const words = (end < 0 ? payload : payload.slice(0, end)).split('|')
  return { id: words[0] ?? '', words, message: end < 0 ? null : payload.slice(end + 2) }
}

function authenticate(client: Client, { id, words }: Command, { secret, greeting, resume }: CommandNeeds): void {
  if (!equal(Buffer.from(words[2] ?? '', 'latin1'), Buffer.from(secret.reveal(), 'utf8'))) {
    client.dismissed(id, 'incorrect secret')
    return
  }
  const given = (words[3] ?? '').split(',').filter((tag) => tag !== '')
  const tags = given.filter((tag) => !ticketForm.test(tag))
  const [, ticket = null, read = ''] = given.map((tag) => ticketForm.exec(tag)).find((found) => found !== null) ?? []
  if (ticket === null || !resume(id, ticket, Number(read))) client.admit(id, { tags, ticket }, greeting())
}

const ticketForm = /^resume=([\w-]{16,64}):(\d{1,15})$/

function received(client: Client, { words }: Command): void {
  const frames = Number(words[2])
  if (Number.isSafeInteger(frames)) client.hasRead(frames)
}

/** Takes the same time wherever they differ, and for any length. */
function equal(given: Buffer, expected: Buffer): boolean {
  const digest = (bytes: Buffer): Buffer => createHash('sha256').update(bytes).digest()
  return timingSafeEqual(digest(given), digest(expected))
}

function route(client: Client, { id, words }: Command, { registry }: CommandNeeds): void {
  registry.route(client, words[2] ?? '')
  client.accepted(id)
}

function removeRoute(client: Client, { id, words }: Command, { registry }: CommandNeeds): void {
  registry.removeRoute(client, words[2] ?? '')
  client.accepted(id)
}

function sip(client: Client, { id, words, message }: Command, { userAgent }: CommandNeeds): void {
  const [, , txnId = '', dialogId = '', routeUri = ''] = words
  const draft = readClientMessage(message ?? '')
  if (!draft) {
    client.refused(id, txnId === '' ? `invalid request-uri: ${firstLine(message)}` : 'Unknown server error sending response')
    return
  }
  if (draft.kind === 'response' && txnId === '') {
    client.dismissed(id, 'transaction id missing')
    return
  }
  if (draft.kind === 'response') {
    userAgent.respond(client, id, txnId, draft)
    return
  }
  if (draft.method === 'CANCEL') {
    userAgent.cancel(client, id, txnId, draft)
    return
  }
  if (dialogId !== '' || draft.method === 'ACK') {
    userAgent.requestInDialog(client, id, { dialogId, routeUri }, draft)
    return
  }
  userAgent.request(client, id, routeUri, draft)
}

function restore(client: Client, { id, message }: Command, { userAgent }: CommandNeeds): void {
  const saved = readSavedDialog(message ?? '')
  const refusal = saved ? userAgent.restore(client, saved) : 'invalid dialog'
  if (refusal === null) client.accepted(id)
  else client.refused(id, refusal)
}

function firstLine(message: string | null): string {
  return message?.split(/\r?\n/, 1)[0] ?? ''
}

function proxy(client: Client, { id, words, message }: Command, { userAgent }: CommandNeeds): void {
  const [, , txnId = '', remain, , redirects, forking, provisional = '', final = '', ...destinations] = words
  const draft = readClientMessage(message ?? '')
  userAgent.proxy(client, id, txnId, {
    destinations: destinations.filter((uri) => uri !== ''),
    options: {
      recordRoute: remain === 'remainInDialog' ? 'Record-Route' : 'none',
      redirects: redirects === 'followRedirects' ? 'follow' : 'pass',
      forking: forking === 'simultaneous' ? 'simultaneous' : 'serial',
      provisionalMs: parseDuration(provisional),
      finalMs: parseDuration(final),
      fields: draft?.fields ?? [],
    },
  })
}
