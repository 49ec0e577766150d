import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { childrenOf, filesUnder, parseSource, root, type SourceFile, type SyntaxNode } from './support/repo/source-tree.js'

/** Files that wait for a fixed time, and why no event can replace it. An entry without such a wait fails as well. */
const fixedWaits: Readonly<Record<string, string>> = {
  'test/redis/connections/sentinel.test.ts': 'a phone that was refused waits a little before it tries again',
  'test/redis/losses/full-disk.test.ts': 'spreads the logins over several restarts of Redis',
  'test/support/programs/kamailio.ts': 'asks a starting Kamailio a few times a second',
  'test/system/attacks/admission.test.ts': 'sends at a given rate',
  'test/system/attacks/amplification.test.ts': 'nothing more may come back: time for three retransmissions by Timer G',
  'test/system/attacks/flood.test.ts': 'spreads the calls over the flood',
  'test/system/calls/several-contacts.test.ts': 'the call must not end in the grace period of a busy contact',
  'test/system/outage/peer-lost.test.ts': 'the call must not end: longer than a probe may remain unanswered',
  'test/system/outage/redis-paused.test.ts': 'longer than heartbeats and registrations live in Redis, which has its own clock',
  'test/unit/base/clock.test.ts': 'the alarm must not go off',
  'test/unit/registrar/unknown-devices-memory.test.ts': 'lets go of what Node itself still holds, before the heap is measured',
  'test/unit/srf/given-up.test.ts': 'lets go of what Node itself still holds, before memory is searched',
}

/** Lines that call `pause` or `setTimeout` other than to ask again in a loop without a counter. */
function waitsIn({ program, lineOf }: SourceFile): number[] {
  const find = (node: SyntaxNode): number[] => {
    if (isPolling(node)) return []
    const callee = node.type === 'CallExpression' ? (node.callee as SyntaxNode) : null
    const here = callee?.name === 'pause' || (callee?.name === 'setTimeout' && isBare(node)) ? [lineOf(node.start)] : []
    return [...here, ...childrenOf(node).flatMap(find)]
  }
  return find(program)
}

function isPolling({ type, update }: SyntaxNode): boolean {
  return type === 'WhileStatement' || (type === 'ForStatement' && !isCounting(update as SyntaxNode | null))
}

/** `turn++`, `turn += 1` */
function isCounting(update: SyntaxNode | null): boolean {
  return update?.type === 'UpdateExpression' || update?.operator === '+='
}

/** `setTimeout(resolve, 300)`, and not a deadline whose callback does something. */
function isBare({ arguments: values }: SyntaxNode): boolean {
  return Array.isArray(values) && (values[0] as SyntaxNode).type === 'Identifier'
}

test('tests wait for events: a file that waits for a time gives a reason', () => {
  const files = filesUnder('test')
    .filter((path) => /\.(ts|mjs)$/.test(path) && !/^test\/(bench|chaos)\//.test(path))
    .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }))
    .filter(({ text }) => /pause|setTimeout/.test(text))
    .map(({ path, text }) => parseSource(path, text))
  const waiting = files.filter((file) => waitsIn(file).length > 0).map(({ path }) => path)
  expect(waiting.filter((path) => !Object.hasOwn(fixedWaits, path))).toEqual([])
  expect(Object.keys(fixedWaits).filter((path) => !waiting.includes(path))).toEqual([])
})

test('the rule itself tells a wait from a poll and a deadline', () => {
  const source = `
    await pause(clock, 6_000)
    await new Promise((resolve) => setTimeout(resolve, 300))
    while (!isThere()) await pause(clock, 10)
    for (;;) await pause(clock, 10)
    for (let turn = 0; turn < 9; turn++) await pause(clock, 10)
    const late = setTimeout(() => reject(), 5_000)`
  expect(waitsIn(parseSource('x.ts', source))).toEqual([2, 3, 6])
})
