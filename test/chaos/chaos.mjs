// `npm run chaos`: breaks Redis, nodes and networks on purpose under load, and prints what the checker counts.
// `npm run chaos planned-failover` plays one history; `--short` takes seconds instead of minutes.
import path from 'node:path'
import { parseArgs } from 'node:util'
import { runnerImport } from 'vite'

const { values, positionals } = parseArgs({ options: { short: { type: 'boolean' } }, allowPositionals: true })
const { module } = await runnerImport(path.join(import.meta.dirname, 'histories.ts'))
const { histories } = module
const unknown = positionals.filter((name) => !histories.some((history) => history.name === name))
if (unknown.length > 0) {
  console.error(`unknown history ${unknown.join(', ')}; there are ${histories.map(({ name }) => name).join(', ')}`)
  process.exit(2)
}

const chosen = positionals.length === 0 ? histories : histories.filter(({ name }) => positionals.includes(name))
const verdicts = new Map()
for (const history of chosen) verdicts.set(history.name, await play(history))
console.log()
for (const [name, { counts, faults }] of verdicts) {
  console.log(`${faults.length === 0 ? 'held  ' : 'FAILED'}  ${name}`)
  console.log(wrapped(Object.entries(counts).map(([what, count]) => `${what} ${count}`)))
}
for (const [name, { faults }] of verdicts) for (const fault of faults.slice(0, 10)) console.log(`${name}: ${fault}`)
process.exit([...verdicts.values()].every(({ faults }) => faults.length === 0) ? 0 : 1)

/** A history that cannot be played has not held. */
async function play({ name, title, run }) {
  const began = Date.now()
  console.error(`${name}: ${title}`)
  const note = (what) => console.error(`  ${((Date.now() - began) / 1_000).toFixed(1).padStart(5)} s  ${what}`)
  const verdict = await run({ length: values.short ? 'short' : 'full', note }).catch((fault) => ({ counts: {}, faults: [String(fault)] }))
  note(verdict.faults.length === 0 ? 'held' : `failed: ${verdict.faults.length} faults`)
  return verdict
}

/** Lines that fit a terminal, broken between the counts. */
function wrapped(counts) {
  const lines = ['']
  for (const count of counts) {
    if (lines.at(-1).length + count.length > 90) lines.push('')
    lines[lines.length - 1] += `${lines.at(-1) === '' ? '        ' : ' · '}${count}`
  }
  return lines.join('\n')
}
