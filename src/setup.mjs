#!/usr/bin/env node
// `hotdesk` and `npm start` begin here. It installs the packages, builds the program if a source has changed, and runs it in this process.
// A fresh clone has neither packages nor build, so this file needs Node alone. Its syntax is old enough that an old Node gets a sentence
// instead of a SyntaxError. `test/run.mjs` shares its parts.
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import * as fs from 'node:fs'
import * as module from 'node:module'
import * as path from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)))
const dist = path.join(root, 'dist')
const stamp = path.join(dist, '.built')

// Node 22.1 or later caches the compiled modules, which halves the start. The cache is in the checkout: only those who may change the program can write there.
if (module.enableCompileCache) module.enableCompileCache(path.join(root, 'node_modules/.cache/hotdesk'))

/** A program that the product needs and that does not come from npm → its Debian package. */
const productPrograms = { 'redis-server': 'redis-server' }

const colour = Boolean(process.stderr.isTTY) && !process.env.NO_COLOR
const paint = (code, text) => (colour ? `\u001b[${code}m${text}\u001b[0m` : text)

/** Escapes control characters, which a terminal would obey. */
function visible(text) {
  return text.replace(/[^\P{Cc}\n\t]|[\u202a-\u202e\u2066-\u2069]/gu, (found) => `\\u${found.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/** Ends the run with a sentence. */
export class Refusal extends Error {
  constructor(message, exitCode) {
    super(message)
    this.exitCode = exitCode
  }
}

// ── progress ────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Prints one line for a piece of work: its name, then its result and duration. On stderr: stdout belongs to the program. */
export async function step(doing, work) {
  const began = Date.now()
  if (colour) process.stderr.write(`${paint(36, '…')} ${doing}`)
  try {
    const done = await work()
    process.stderr.write(
      `${colour ? '\r\u001b[K' : ''}${paint(32, '✓')} ${doing} ${paint(2, `${((Date.now() - began) / 1000).toFixed(1)} s`)}\n`,
    )
    return done
  } catch (fault) {
    process.stderr.write(`${colour ? '\r\u001b[K' : ''}${paint(31, '✗')} ${doing}\n`)
    throw fault
  }
}

/** Running children of `run`. */
const children = new Set()

/** Runs a program; its output is shown only if it fails. */
export function run(program, args, env) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd: root, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
    children.add(child)
    let output = ''
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (output += text))
    child.on('error', reject)
    child.on('close', (code) => {
      children.delete(child)
      if (code === 0) resolve(output)
      else reject(new Refusal(`${output.trimEnd()}\n\`${[program, ...args].join(' ')}\` ended with ${code}.`, 1))
    })
  })
}

// ── one at a time ───────────────────────────────────────────────────────────────────────────────────────────────────

// In the checkout, only those who may change the program can hold the lock. In /tmp, anybody could.
const lock = path.join(root, '.setup-lock')

function holderIsGone() {
  try {
    const holder = Number(fs.readFileSync(path.join(lock, 'pid'), 'utf8'))
    process.kill(holder, 0)
    return false
  } catch (fault) {
    if (fault.code !== 'ENOENT') return fault.code === 'ESRCH'
  }
  // The holder has not written its process id yet, or is removing the lock.
  const made = fs.statSync(lock, { throwIfNoEntry: false })
  return made !== undefined && Date.now() - made.mtimeMs > 5_000
}

function tryLock() {
  try {
    fs.mkdirSync(lock)
    fs.writeFileSync(path.join(lock, 'pid'), String(process.pid))
    return true
  } catch (fault) {
    // On a checkout that cannot be written, there is nothing to protect: packages of the machine have a lock of their own.
    if (fault.code === 'EACCES' || fault.code === 'EROFS') return true
    // Another process holds it, or has just removed a stale one.
    if (fault.code !== 'EEXIST' && fault.code !== 'ENOENT') throw fault
    return false
  }
}

let isAlone = false

/** Of two processes that start together, the second waits for the first and then finds the work done. */
async function alone(work) {
  for (let waited = 0; !tryLock(); waited += 1) {
    if (waited === 10)
      process.stderr.write(`${paint(2, `waiting for another hotdesk to finish its setup (if there is none, remove ${lock})`)}\n`)
    if (holderIsGone()) fs.rmSync(lock, { recursive: true, force: true })
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  isAlone = true
  try {
    return await work()
  } finally {
    isAlone = false
    fs.rmSync(lock, { recursive: true, force: true })
  }
}

// ── packages and build ──────────────────────────────────────────────────────────────────────────────────────────────

function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number)
  if (major > 20 || (major === 20 && minor >= 19)) return
  throw new Refusal(`hotdesk needs Node 20.19 or later; this is ${process.versions.node}. Install a current one: https://nodejs.org`, 2)
}

/** null if the file cannot be read. */
export function readJson(file) {
  try {
    return JSON.parse(fs.readFileSync(file, 'utf8'))
  } catch {
    return null
  }
}

/** Compares the installed packages with the lock file one by one: file times are wrong after a checkout. */
function installed() {
  const wanted = readJson(path.join(root, 'package-lock.json'))
  if (!wanted) return true // An installed package carries no lock file; npm has installed what it needs.
  const present = readJson(path.join(root, 'node_modules/.package-lock.json'))
  if (!present) return false
  return Object.entries(wanted.packages).every(([name, entry]) => {
    const found = present.packages[name]
    return name === '' || (found ? found.version === entry.version : Boolean(entry.optional || entry.devOptional))
  })
}

function filesUnder(folder) {
  return fs
    .readdirSync(folder, { withFileTypes: true })
    .flatMap((entry) => (entry.isDirectory() ? filesUnder(path.join(folder, entry.name)) : [path.join(folder, entry.name)]))
    .filter((file) => !/(^|\/)(README\.md|setup\.mjs)$/.test(file))
}

/** Changes whenever a source is edited, added or removed. */
function fingerprint(sources) {
  const hash = createHash('sha256')
  for (const file of [...sources, path.join(root, 'tsconfig.json'), path.join(root, 'node_modules/typescript/package.json')]) {
    const { size, mtimeMs } = fs.statSync(file)
    hash.update(`${file} ${size} ${mtimeMs}\n`)
  }
  return hash.digest('hex')
}

/** tsc compiles the TypeScript; everything else in `src`, such as Lua, is copied. */
async function build(sources) {
  await run(process.execPath, [path.join(root, 'node_modules/typescript/bin/tsc'), '-p', root])
  const written = new Set()
  for (const file of sources) {
    const target = path.join(dist, path.relative(path.join(root, 'src'), file))
    written.add(target.replace(/\.ts$/, '.js'))
    if (file.endsWith('.ts')) continue
    fs.mkdirSync(path.dirname(target), { recursive: true })
    fs.copyFileSync(file, target)
  }
  for (const file of filesUnder(dist)) if (file !== stamp && !written.has(file.replace(/\.map$/, ''))) fs.rmSync(file)
}

/** `npm ci` refuses a lock file without the packages of other platforms, which some registries leave out. */
async function install() {
  const quiet = ['--no-audit', '--no-fund', '--loglevel=error']
  await run('npm', ['ci', ...quiet]).catch((fault) => {
    if (!fault.message.includes('EUSAGE')) throw fault
    return run('npm', ['install', '--no-save', ...quiet])
  })
}

/** Installs and builds whatever is missing or out of date. A user who may only read the checkout can run a program that is ready. */
export async function prepare() {
  checkNode()
  if (installed() && isBuilt(filesUnder(path.join(root, 'src')))) return
  refuseWithoutRights()
  await alone(installAndBuild)
}

/** Whether no source has changed since the last build. */
function isBuilt(sources) {
  return fs.existsSync(stamp) && fs.readFileSync(stamp, 'utf8') === fingerprint(sources)
}

function refuseWithoutRights() {
  try {
    fs.accessSync(root, fs.constants.W_OK)
  } catch {
    const what = installed() ? 'built' : 'installed and built'
    const problem = `hotdesk has to be ${what}, and this user may not write to ${root}.`
    throw new Refusal(`${problem}\nRun \`npm run build\` there as its owner, then repeat the command.`, 2)
  }
}

async function installAndBuild() {
  if (!installed()) await step('installing packages', install)
  const sources = filesUnder(path.join(root, 'src'))
  if (isBuilt(sources)) return
  const now = fingerprint(sources)
  await step('building', () => build(sources))
  fs.writeFileSync(stamp, now)
}

// ── programs that are not from npm ──────────────────────────────────────────────────────────────────────────────────

function onPath(program) {
  const folders = (process.env.PATH || '').split(path.delimiter)
  return folders.some((folder) => fs.existsSync(path.join(folder, program)))
}

function mayUseApt() {
  return process.platform === 'linux' && typeof process.getuid === 'function' && process.getuid() === 0 && onPath('apt-get')
}

/** Debian starts a service when its package is installed, unless this file forbids it. hotdesk runs its own redis-server as a child. */
async function withoutServices(work) {
  const policy = '/usr/sbin/policy-rc.d'
  if (fs.existsSync(policy)) return work()
  fs.writeFileSync(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755 })
  try {
    return await work()
  } finally {
    fs.rmSync(policy, { force: true })
  }
}

async function aptInstall(packages) {
  const env = { DEBIAN_FRONTEND: 'noninteractive' }
  const known = packages.every((name) => spawnSync('apt-cache', ['show', name], { stdio: 'ignore' }).status === 0)
  if (!known) await run('apt-get', ['update', '-qq'], env)
  const install = () => run('apt-get', ['install', '-qq', '-y', '--no-install-recommends', ...packages], env)
  // A package list from last month may name files that the mirror no longer has.
  await withoutServices(() => install().catch(() => run('apt-get', ['update', '-qq'], env).then(install)))
  if (fs.existsSync('/run/systemd/system')) for (const service of packages) spawnSync('systemctl', ['disable', '-q', service])
}

/** Installs the programs (name → Debian package) that are not on the PATH, or refuses with how to install them. */
export async function installPrograms(programs) {
  const missing = Object.keys(programs).filter((name) => !onPath(name))
  if (missing.length === 0) return
  const packages = missing.map((name) => programs[name])
  const advice = `Install ${missing.join(', ')}. On Debian or Ubuntu: sudo apt-get install ${packages.join(' ')}`
  if (!mayUseApt()) throw new Refusal(advice, 2)
  await alone(() => step(`installing ${packages.join(', ')} with apt-get`, () => aptInstall(packages))).catch((fault) => {
    throw new Refusal(`${fault.message}\n${advice}`, 2)
  })
}

function provide(...names) {
  return installPrograms(Object.fromEntries(names.map((name) => [name, productPrograms[name]])))
}

// ── run ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Commands that run until a signal, and then end with 0. */
const untilSignal = ['start', 'sipd']

/** Until the program handles signals itself, nothing needs closing and the process ends at once. Returns a function that stops listening. */
function endOnSignal() {
  const end = () => {
    for (const child of children) child.kill()
    if (isAlone) fs.rmSync(lock, { recursive: true, force: true })
    process.exit(0)
  }
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP']
  for (const signal of signals) process.on(signal, end)
  return () => {
    for (const signal of signals) process.off(signal, end)
  }
}

/** The root folder if the current one has been deleted. */
function currentFolder() {
  try {
    return process.cwd()
  } catch {
    return path.parse(root).root
  }
}

/** How a person starts this program from the current folder: `hotdesk` if the PATH leads here, else from within the checkout `npx hotdesk`. */
function invocation() {
  const self = fileURLToPath(import.meta.url)
  // npx puts a folder of its own on the PATH, for this process only.
  const folders = (process.env.PATH || '').split(path.delimiter).filter((folder) => !/node_modules|_npx/.test(folder))
  const found = folders.map((folder) => path.join(folder, 'hotdesk')).find((file) => fs.existsSync(file))
  if (found !== undefined && fs.realpathSync(found) === self) return 'hotdesk'
  const isInside = !path.relative(root, currentFolder()).startsWith('..')
  if (isInside && onPath('npx')) return 'npx hotdesk'
  return `node ${/[^\w./-]/.test(self) ? JSON.stringify(self) : self}`
}

/** Runs the program in this process, so that Ctrl-C reaches it at once. */
async function program(args, onListening) {
  const { main } = await import(pathToFileURL(path.join(dist, 'main.js')).href)
  const running = main(args, { provide, invocation: invocation() })
  onListening()
  return running
}

async function begin([first, ...rest]) {
  const onListening = untilSignal.includes(first) ? endOnSignal() : () => undefined
  await prepare()
  if (first !== '--build-only') return program(first === undefined ? ['--help'] : [first, ...rest], onListening)
  if (invocation() !== 'hotdesk') process.stderr.write(`Start it with \`${invocation()}\`. To put hotdesk on the PATH: npm link\n`)
  return 0
}

/** Sets the exit code; a refusal is printed as a sentence, a fault with its stack. */
export function exitWith(work) {
  return work.then(
    (exitCode) => {
      process.exitCode = exitCode
    },
    (fault) => {
      process.stderr.write(`${paint(31, 'hotdesk:')} ${visible(fault instanceof Refusal ? fault.message : fault.stack)}\n`)
      process.exitCode = fault instanceof Refusal ? fault.exitCode : 1
    },
  )
}

/** npm starts this file through a link. */
function isStarted() {
  return process.argv[1] !== undefined && fs.realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)
}

if (isStarted()) exitWith(begin(process.argv.slice(2)))
