// `npm run test:drachtio`: the system tests with every node on a drachtio-server instead of the embedded SIP server.
import * as fs from 'node:fs'
import { tmpdir } from 'node:os'
import * as path from 'node:path'
import { drachtioEventsIn } from '../support/programs/drachtio-server.js'
import { type Target, targetIn, versionOf } from './target.js'
import { type Difference, judge, type Report, type Verdict } from './verdict.js'

const root = path.resolve(import.meta.dirname, '../..')

const help = `Runs test/system on a drachtio-server, which takes the place of the embedded SIP server in every node.

  npm run test:drachtio -- <path>       a drachtio-server program: started for each node, on free ports of 127.0.0.1
  npm run test:drachtio -- <host:port>  one that runs; HOTDESK_DRACHTIO_SECRET is its secret ("cymru" by default). It has one node at
                                        a time and its own addresses: tests that need more are counted as not possible
  … <path or host:port> calls trunks    only the files whose names contain these words

What is known to differ is listed with its reason in test/drachtio/<server>.json. The run fails when a test fails that is not listed there,
and when one that is listed passes. Exit codes: 0 as listed, 1 not as listed, 2 wrong usage.

Examples:
  npm run test:drachtio -- /usr/local/bin/drachtio
  HOTDESK_DRACHTIO_SECRET=cymru npm run test:drachtio -- 127.0.0.1:9022 test/system/calls/calls.test.ts`

/** What `test/run.mjs` provides. */
export interface Tools {
  /** Runs a program with this terminal; answers its exit code. */
  readonly show: (program: string, args: readonly string[]) => Promise<number>
  /** Null where the file cannot be read. */
  readonly readJson: (file: string) => unknown
  /** Installs the programs that the tests need. */
  readonly provide: () => Promise<void>
}

/** Answers the exit code. */
export async function drachtioLane([text, ...filters]: readonly string[], { show, readJson, provide }: Tools): Promise<number> {
  if (text === undefined || text === '--help' || text === '-h') {
    console.log(help)
    return text === undefined ? 2 : 0
  }
  const target = targetIn(text)
  if (!target) return refuse(`${text} is neither the path of a program nor host:port`)
  const secret = process.env.HOTDESK_DRACHTIO_SECRET ?? 'cymru'
  const version = await versionOf(target, secret).catch((fault: Error) => fault)
  if (version instanceof Error) return refuse(version.message)
  await provide()
  const list = version.includes('hotdesk') ? 'hotdesk-sipd' : 'drachtio-server'
  console.log(`${list} ${version}, ${target.kind === 'program' ? target.path : text}`)
  const { report, events } = await run(target, filters, { show, readJson })
  if (!report) return refuse('the tests did not run')
  const crashes = events.filter(({ event }) => event === 'crash').length
  const unsuited = new Set(events.flatMap(({ file }) => (file === undefined ? [] : [path.relative(root, file)])))
  const differences = JSON.parse(fs.readFileSync(path.join(import.meta.dirname, `${list}.json`), 'utf8')) as readonly Difference[]
  return tell(judge(report, differences, { root, unsuited }), crashes, `test/drachtio/${list}.json`)
}

function refuse(words: string): number {
  console.error(`test:drachtio: ${words}\n\n${help}`)
  return 2
}

async function run(target: Target, filters: readonly string[], { show, readJson }: Pick<Tools, 'show' | 'readJson'>) {
  const folder = fs.mkdtempSync(path.join(tmpdir(), 'hotdesk-test-drachtio-'))
  const file = path.join(folder, 'report.json')
  const log = path.join(folder, 'events.jsonl')
  process.env.DRACHTIO_UNDER_TEST = target.kind === 'program' ? target.path : `${target.host}:${target.port}`
  process.env.DRACHTIO_UNDER_TEST_EVENTS = log
  // One server that runs has one node after the other.
  const oneByOne = target.kind === 'running' ? ['--no-file-parallelism'] : []
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`]
  try {
    await show(path.join(root, 'node_modules/.bin/vitest'), ['run', '--project', 'system', ...oneByOne, ...reporters, ...filters])
    return { report: readJson(file) as Report | null, events: drachtioEventsIn(log) }
  } finally {
    fs.rmSync(folder, { recursive: true, force: true })
  }
}

function tell({ passed, expected, impossible, failures, mended, stale }: Verdict, crashes: number, list: string): number {
  const groups = [
    ['fails, and is not listed', failures],
    [`passes, and is listed in ${list}: remove it there`, mended],
    [`is listed in ${list}, and there is no such test: remove it there`, stale],
  ] as const
  for (const [what, findings] of groups)
    for (const { file, title, text } of findings) console.log(`\n${file} > ${title}\n  ${what}\n  ${text}`)
  console.log(`\n${expected} fail as listed, ${impossible} are not possible on this server, the drachtio-server crashed ${crashes} times`)
  const failed = failures.length + mended.length + stale.length
  console.log(`${passed + expected} passed, ${failed} failed`)
  return failed === 0 ? 0 : 1
}
