// What developers run: lint, tests, benchmarks. Each `npm run` script names one: `node test/run.mjs lint`. Packages and build come first.
import { spawn } from 'node:child_process'
import * as fs from 'node:fs'
import { tmpdir } from 'node:os'
import * as path from 'node:path'
import { exitWith, installPrograms, prepare, Refusal, readJson, run, step } from '../src/setup.mjs'

/** Program → Debian package. */
const testPrograms = {
  'redis-server': 'redis-server',
  sipp: 'sip-tester',
  baresip: 'baresip-core',
  linphonec: 'linphone-cli',
  'twinkle-console': 'twinkle-console',
  kamailio: 'kamailio',
  python3: 'python3',
  ip: 'iproute2',
}

const root = path.dirname(import.meta.dirname)

function bin(name) {
  return path.join(root, 'node_modules/.bin', name)
}

/** Runs a program with this terminal; answers its exit code. */
function show(program, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd: root, stdio: 'inherit' })
    const wait = () => undefined // Ctrl-C reaches the child by itself.
    process.on('SIGINT', wait)
    child.on('error', reject)
    child.on('close', (code, signal) => {
      process.off('SIGINT', wait)
      resolve(signal ? 130 : code)
    })
  })
}

/** Title, program, arguments. Each counts as one in the last line of `npm test`. */
const checks = [
  ['format and lint', 'biome', ['check', '--error-on-warnings', '.']],
  ['lint with types', 'oxlint', ['--type-aware', '--deny-warnings']],
  ['types', 'tsc', ['--noEmit', '-p', 'test']],
]

async function check() {
  let failed = 0
  for (const [title, program, args] of checks) {
    await step(title, () => run(bin(program), args)).catch((fault) => {
      failed += 1
      process.stderr.write(`${fault.message}\n`)
    })
  }
  return { passed: checks.length - failed, failed }
}

/** A test file that cannot be loaded contains no failed test; it counts as one. */
function countTests(report, exitCode) {
  if (!report) return { passed: 0, failed: 1 }
  const unloadable = report.testResults.filter(
    (file) => file.status === 'failed' && !file.assertionResults.some((one) => one.status === 'failed'),
  )
  const failed = report.numFailedTests + unloadable.length
  return { passed: report.numPassedTests, failed: failed === 0 && exitCode !== 0 ? 1 : failed }
}

async function lint() {
  return (await check()).failed === 0 ? 0 : 1
}

async function test(args) {
  await installPrograms(testPrograms)
  const linted = args.length === 0 ? await check() : { passed: 0, failed: 0 }
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

/** Each file of `test/bench` is a benchmark of the built program. Without names all of them run, except the long one. */
async function bench(names) {
  await installPrograms(testPrograms)
  const folder = path.join(root, 'test/bench')
  const all = fs.readdirSync(folder).filter((file) => file.endsWith('.mjs') && file !== 'soak.mjs')
  for (const file of names.length > 0 ? names.map((name) => `${name}.mjs`) : all) {
    if (!fs.existsSync(path.join(folder, file)))
      throw new Refusal(`there is no benchmark ${path.parse(file).name}; there are ${all.map((one) => path.parse(one).name).join(', ')}`, 2)
    const exitCode = await show(process.execPath, [path.join(folder, file)])
    if (exitCode !== 0) return exitCode
  }
  return 0
}

/** Breaks Redis, nodes and networks on purpose, and counts the losses. */
async function chaos(args) {
  await installPrograms(testPrograms)
  return show(process.execPath, [path.join(root, 'test/chaos/chaos.mjs'), ...args])
}

/** The system tests on a drachtio-server. */
async function testDrachtio(args) {
  const { runnerImport } = await import('vite')
  const { module } = await runnerImport(path.join(import.meta.dirname, 'drachtio/lane.ts'))
  return module.drachtioLane(args, { show, readJson, provide: () => installPrograms(testPrograms) })
}

const lanes = { lint, test, bench, soak: () => bench(['soak']), chaos, 'test-drachtio': testDrachtio }

async function begin([name, ...args]) {
  const lane = Object.hasOwn(lanes, name ?? '') ? lanes[name] : undefined
  if (!lane) throw new Refusal(`expected one of ${Object.keys(lanes).join(', ')}`, 2)
  await prepare()
  return lane(args)
}

exitWith(begin(process.argv.slice(2)))
