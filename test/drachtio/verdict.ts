import { notOnThisServer } from '../support/programs/drachtio-server.js'

/** Tests of one file that fail for one reason. */
export interface Difference {
  readonly file: string
  readonly reason: string
  /** Each with its groups, joined by ` > `. `*` alone stands for the whole file. */
  readonly titles: readonly string[]
}

export interface Finding {
  readonly file: string
  readonly title: string
  readonly text: string
}

export interface Verdict {
  readonly passed: number
  /** Failed, as listed. */
  readonly expected: number
  /** The test needs another server than the one that runs. */
  readonly impossible: number
  /** Failed, and not listed. */
  readonly failures: readonly Finding[]
  /** Passed, and listed. */
  readonly mended: readonly Finding[]
  /** Listed, and not there. */
  readonly stale: readonly Finding[]
}

/** As much of vitest's JSON report as is read. */
export interface Report {
  readonly testResults: readonly FileResult[]
}

export interface FileResult {
  readonly name: string
  readonly status: string
  readonly message: string
  readonly assertionResults: readonly {
    readonly ancestorTitles: readonly string[]
    readonly title: string
    readonly status: string
    readonly failureMessages?: readonly string[] | null
  }[]
}

interface Outcome extends Finding {
  readonly status: 'passed' | 'failed' | 'impossible' | 'left out'
}

export interface Circumstances {
  /** The folder that the names of files begin with. */
  readonly root: string
  /** Files with a test or a set-up that this server does not allow; vitest does not report why a set-up has failed. */
  readonly unsuited?: ReadonlySet<string>
}

export function judge(report: Report, differences: readonly Difference[], { root, unsuited = new Set() }: Circumstances): Verdict {
  const outcomes = report.testResults.flatMap((result) => {
    const file = fileIn(result.name, root)
    const message = unsuited.has(file) ? `${notOnThisServer} ${result.message}` : result.message
    return outcomesOf({ ...result, message }, file)
  })
  const listed = listOf(differences)
  const whole = new Set(differences.filter(({ titles }) => titles[0] === '*').map(({ file }) => file))
  const isListed = ({ file, title }: Outcome): boolean => listed.has(keyOf(file, title))
  const failed = outcomes.filter(({ status }) => status === 'failed')
  const passed = outcomes.filter(({ status }) => status === 'passed')
  const failures = failed.filter((outcome) => !isListed(outcome) && !whole.has(outcome.file))
  const mended = passed.filter(isListed)
  return {
    passed: passed.length - mended.length,
    expected: failed.length - failures.length,
    impossible: outcomes.filter(({ status }) => status === 'impossible').length,
    failures,
    mended: [...mended.map(({ file, title }) => finding(file, title, listed)), ...wholeFilesThatPass(outcomes, differences)],
    stale: staleIn(outcomes, differences),
  }
}

function finding(file: string, title: string, listed: ReadonlyMap<string, string>): Finding {
  return { file, title, text: listed.get(keyOf(file, title)) ?? '' }
}

const keyOf = (file: string, title: string): string => `${file}\n${title}`

function listOf(differences: readonly Difference[]): ReadonlyMap<string, string> {
  return new Map(differences.flatMap(({ file, titles, reason }) => titles.map((title) => [keyOf(file, title), reason])))
}

function fileIn(name: string, root: string): string {
  return name.startsWith(`${root}/`) ? name.slice(root.length + 1) : name
}

/** A set-up that fails leaves its tests out: each of them counts as failed with the words of the file. */
function outcomesOf({ status, message, assertionResults }: FileResult, file: string): Outcome[] {
  const hasFailedSetUp = status === 'failed' && !assertionResults.some((one) => one.status === 'failed')
  if (hasFailedSetUp && assertionResults.length === 0) return [{ file, title: '*', ...failure(message) }]
  return assertionResults.flatMap(({ ancestorTitles, title, status: own, failureMessages }) => {
    const full = [...ancestorTitles, title].join(' > ')
    if (own === 'passed') return [{ file, title: full, status: 'passed' as const, text: '' }]
    if (own === 'failed') return [{ file, title: full, ...failure((failureMessages ?? []).join('\n')) }]
    return hasFailedSetUp ? [{ file, title: full, ...failure(message) }] : [{ file, title: full, status: 'left out' as const, text: '' }]
  })
}

function failure(text: string): Pick<Outcome, 'status' | 'text'> {
  const [line = ''] = text.split('\n').filter((each) => each.trim() !== '')
  return { status: text.includes(notOnThisServer) ? 'impossible' : 'failed', text: line.slice(0, 300) }
}

/** A file that is listed as a whole and has not one failed test any more. */
function wholeFilesThatPass(outcomes: readonly Outcome[], differences: readonly Difference[]): Finding[] {
  const whole = differences.filter(({ titles }) => titles[0] === '*')
  return whole.flatMap(({ file, reason }) => {
    const own = outcomes.filter((one) => one.file === file)
    return own.length > 0 && own.every(({ status }) => status === 'passed') ? [{ file, title: '*', text: reason }] : []
  })
}

/** Of the files that ran whole. */
function staleIn(outcomes: readonly Outcome[], differences: readonly Difference[]): Finding[] {
  const ran = new Map<string, ReadonlySet<string>>()
  for (const { file, title } of outcomes) ran.set(file, new Set([...(ran.get(file) ?? []), title]))
  return differences.flatMap(({ file, titles, reason }) =>
    titles.filter((title) => title !== '*' && ran.get(file)?.has(title) === false).map((title) => ({ file, title, text: reason })),
  )
}
