// The lanes of the developers: lint, tests, benchmarks. `src/setup.mjs` calls them, once packages and build are there.
import * as fs from 'node:fs'
import { tmpdir } from 'node:os'
import * as path from 'node:path'

const testPrograms = ['redis-server', 'sipp', 'baresip', 'linphonec', 'twinkle-console', 'kamailio']

const root = path.dirname(import.meta.dirname)

function bin(name) {
  return path.join(root, 'node_modules/.bin', name)
}

/** `[title, program, arguments]`; each counts as one in the last line of `npm test`. */
const checks = [
  ['format and lint', 'biome', ['check', '--error-on-warnings', '.']],
  ['lint with types', 'oxlint', ['--type-aware', '--deny-warnings']],
  ['types', 'tsc', ['--noEmit', '-p', 'test']],
]

async function lint({ step, run }) {
  let failed = 0
  for (const [title, program, args] of checks) {
    await step(title, () => run(bin(program), args)).catch((fault) => {
      failed += 1
      process.stderr.write(`${fault.message}\n`)
    })
  }
  return { passed: checks.length - failed, failed }
}

/** A test file that does not even load has no failed test in it; it counts as one. */
function countTests(report, exitCode) {
  if (!report) return { passed: 0, failed: 1 }
  const unloadable = report.testResults.filter(
    (file) => file.status === 'failed' && !file.assertionResults.some((one) => one.status === 'failed'),
  )
  const failed = report.numFailedTests + unloadable.length
  return { passed: report.numPassedTests, failed: failed === 0 && exitCode !== 0 ? 1 : failed }
}

async function test(args, tools) {
  const { provide, readJson, show } = tools
  await provide(...testPrograms)
  const linted = args.length === 0 ? await lint(tools) : { passed: 0, failed: 0 }
  const folder = fs.mkdtempSync(path.join(tmpdir(), 'hotdesk-test-'))
  const file = path.join(folder, 'report.json')
  try {
    const exitCode = await show(bin('vitest'), ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${file}`, ...args])
    const tested = countTests(readJson(file), exitCode)
    const failed = linted.failed + tested.failed
    console.log(`${linted.passed + tested.passed} passed, ${failed} failed`)
    return failed === 0 ? 0 : 1
  } finally {
    fs.rmSync(folder, { recursive: true, force: true })
  }
}

/** Each file of `test/bench` is a benchmark of the built program; by default all of them, but for the long one. */
async function bench(names, { provide, show, Refusal }) {
  await provide(...testPrograms)
  const folder = path.join(root, 'test/bench')
  const all = fs.readdirSync(folder).filter((file) => file.endsWith('.mjs') && file !== 'soak.mjs')
  for (const file of names.length > 0 ? names.map((name) => `${name}.mjs`) : all) {
    if (!fs.existsSync(path.join(folder, file))) throw new Refusal(`there is no benchmark ${file}; there are ${all.join(', ')}`, 2)
    const exitCode = await show(process.execPath, [path.join(folder, file)])
    if (exitCode !== 0) return exitCode
  }
  return 0
}

/** Breaks Redis, nodes and networks on purpose, and counts what is lost. */
async function chaos(args, { provide, show }) {
  await provide(...testPrograms)
  return show(process.execPath, [path.join(root, 'test/chaos/chaos.mjs'), ...args])
}

/** The system tests on a drachtio-server. */
async function testDrachtio(args, { provide, ...tools }) {
  const { runnerImport } = await import('vite')
  const { module } = await runnerImport(path.join(import.meta.dirname, 'drachtio/lane.ts'))
  return module.drachtioLane(args, { ...tools, provide: () => provide(...testPrograms) })
}

/** `node src/setup.mjs --<name>`: each takes its arguments and the tools of `setup.mjs`, and answers an exit code. */
export const lanes = new Map([
  ['lint', async (_args, tools) => ((await lint(tools)).failed === 0 ? 0 : 1)],
  ['test', test],
  ['bench', bench],
  ['soak', (_args, tools) => bench(['soak'], tools)],
  ['chaos', chaos],
  ['test-drachtio', testDrachtio],
])
