import { isIP } from 'node:net'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { type Milliseconds, parseDuration, pause, systemClock } from '../../base/clock.js'
import { parseDeviceId, parseExtension } from '../../base/identity.js'
import type { Directory } from '../../directory/directory.js'
import type { Store } from '../../store/store.js'
import { type Arrow, createConversation, outcomeWords, type TraceSubject } from '../../trace/trace.js'
import type { CommandNeeds } from '../needs.js'
import { chosenNodes } from '../operator/asked-nodes.js'
import { withDirectory } from '../operator/network.js'
import { processEvents } from '../process-events.js'
import { printRefusal } from '../records/outcome.js'
import { createFeed, type Feed } from './feed.js'
import { openOutput, type TraceOutput } from './output.js'

interface TraceOptions {
  readonly recent?: boolean
  readonly for?: Milliseconds
  readonly full?: boolean
  readonly json?: boolean
  readonly pcap?: string
}

/** New messages are shown within this time. */
const lookEveryMs: Milliseconds = 100
/** How often new nodes are looked for. */
const nodesEveryMs: Milliseconds = 2_000
/** A call that has ended is shown until nothing has happened for this time. */
const settledMs: Milliseconds = 1_000

/** `hotdesk trace` */
export function traceCommand(command: Command, needs: CommandNeeds): void {
  command
    .argument('<call|device|address>', 'a call as `hotdesk calls --active` shows it, or its Call-ID; a phone; an IP address')
    .option('--recent', 'show what the nodes still have in memory, and end')
    .addOption(new Option('--for <time>', 'end after this time, such as 60s or 5m').argParser(durationOf).conflicts('recent'))
    .option('--full', 'show whole messages')
    .addOption(new Option('--pcap <file>', 'also write a capture for Wireshark, tshark or sngrep'))
    .addOption(new Option('--json', 'print one JSON value per line').conflicts('full'))
    .addHelpText(
      'after',
      [
        '\nA phone or an address is followed until Ctrl-C. A call is shown from its first message until it ends; one that ended',
        'recently is still in memory. Each node keeps its latest 8 MB of messages.',
        'Passwords, keys, pressed digits, digits that may be a PIN and the texts of messages are crossed out, in a capture too.',
        'Every trace is an event: hotdesk events.',
        '\nExamples:',
        '  hotdesk trace HD0001                     what this phone sends and gets, live',
        '  hotdesk trace HD0001 --recent            what it has sent and got recently',
        '  hotdesk trace 3f2a9c10                   a call of `hotdesk calls --active`, at every node',
        '  hotdesk trace 192.0.2.7 --for 5m --full  a phone known only by its address',
        '  hotdesk trace HD0001 --pcap hd0001.pcap  for Wireshark',
      ].join('\n'),
    )
    .action((subject: string, options: TraceOptions) => trace(subject, options, needs))
}

function durationOf(text: string): Milliseconds {
  const found = parseDuration(text)
  if (found === null) throw new InvalidArgumentError('Expected a time such as 60s, 5m or 1h30m.')
  return found
}

async function trace(text: string, options: TraceOptions, needs: CommandNeeds): Promise<void> {
  const config = needs.config('look')
  const subject = subjectOf(text)
  await withDirectory(config, async (directory, store) => {
    const warn = (warning: string): void => needs.terminal.complain(`${needs.terminal.paint.bad('warning:')} ${warning}`)
    const from = options.recent || subject.kind === 'call' ? 'recorded' : 'now'
    const feed = createFeed({ store, subject, from, until: options.recent ? 'read' : 'calls end', warn })
    const live = { directory, nodes: () => chosenNodes({ all: true }, directory, config) }
    try {
      const refusal = await begun(feed, live.nodes(), { text, subject, directory })
      if (refusal !== null) return printRefusal(needs, text, [refusal])
      const output = await openOutput({ ...options, heading: headingOf(text, subject) }, needs.terminal)
      try {
        const arrows = await follow(feed, output, { ...options, ...live, store, subject, needs })
        output.end(arrows.length === 0 ? emptyWords(subject, options) : outcomeWords(arrows))
      } finally {
        await output.close()
      }
    } finally {
      feed.close()
    }
  })
}

function subjectOf(text: string): TraceSubject {
  if (isIP(text) !== 0) return { kind: 'address', address: text }
  const device = parseDeviceId(text)
  return device === null || /^[0-9a-f]{8}$/.test(text) || text.includes('@') ? { kind: 'call', call: text } : { kind: 'device', device }
}

function headingOf(text: string, { kind }: TraceSubject): string {
  return kind === 'call' ? `call ${text}` : text
}

interface Question {
  readonly text: string
  readonly subject: TraceSubject
  readonly directory: Pick<Directory, 'user'>
}

/** Begins at each node. Why there is nothing to trace; null if there is. */
async function begun(feed: Feed, nodes: ReturnType<typeof chosenNodes>, { text, subject, directory }: Question): Promise<string | null> {
  const found = await Promise.all(nodes.map((node, index) => feed.begin(node, index === 0 ? 'first' : 'another')))
  if (found.includes('known')) return null
  if (found.every((each) => each === 'silent')) return 'no node answers; hotdesk doctor says why'
  if (!found.includes('not known'))
    return 'the SIP server is a drachtio-server, which does not report its messages; use its own log, or sngrep on its machine'
  const extension = parseExtension(text)
  if (extension !== null && directory.user(extension)) return `it is a user; hotdesk who ${text} names the phone to trace`
  if (subject.kind === 'device') return 'there is no such phone; hotdesk status lists them, and an IP address can be traced as well'
  return 'no node has such a call in memory; hotdesk calls --active lists the calls in progress'
}

function emptyWords({ kind }: TraceSubject, { recent }: TraceOptions): readonly string[] {
  return [recent || kind === 'call' ? 'no messages in memory' : 'no messages']
}

interface Following extends TraceOptions {
  readonly nodes: () => ReturnType<typeof chosenNodes>
  readonly store: Pick<Store, 'state'>
  readonly subject: TraceSubject
  readonly needs: CommandNeeds
}

/** Prints messages until Ctrl-C, the end of the time, or the end of the call. */
async function follow(feed: Feed, output: TraceOutput, following: Following): Promise<readonly Arrow[]> {
  const { subject, recent, nodes, store, needs } = following
  const conversation = createConversation()
  const events = processEvents()
  const arrows: Arrow[] = []
  const until = systemClock.now() + (following.for ?? Number.POSITIVE_INFINITY)
  let stopped = false
  let quietSince: Milliseconds | null = null
  let lookAt = systemClock.now() + nodesEveryMs
  events.onStop(() => {
    stopped = true
  })
  const mayEnd = recent === true || subject.kind === 'call'
  while (!stopped && !needs.terminal.isGone && systemClock.now() < until) {
    await pause(systemClock, lookEveryMs)
    const fresh = feed.take().flatMap(({ node, message }) => conversation.add(node, message) ?? [])
    arrows.push(...fresh)
    arrows.splice(0, surplusOf(arrows))
    await output.show(fresh)
    quietSince = feed.isOver ? (quietSince ?? systemClock.now()) : null
    if (mayEnd && quietSince !== null && systemClock.now() - quietSince >= (recent ? 0 : settledMs)) break
    if (systemClock.now() < lookAt || store.state !== 'connected') continue
    lookAt = systemClock.now() + nodesEveryMs
    for (const node of nodes()) if (!feed.nodes.has(node)) void feed.begin(node, 'another')
  }
  events.close()
  return arrows
}

/** Messages that are kept for the sentences at the end. */
const mostRemembered = 20_000
const mostCharacters = 32 * 1024 * 1024

/** How many of the oldest messages are forgotten. */
function surplusOf(arrows: readonly Arrow[]): number {
  let characters = 0
  const forgotten = arrows.findLastIndex(({ text }, index) => {
    characters += text.length
    return arrows.length - index > mostRemembered || characters > mostCharacters
  })
  return forgotten + 1
}
