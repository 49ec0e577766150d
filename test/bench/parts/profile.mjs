// A CPU profile of a process started with `profiling(folder)`, summed up: where its time went by itself, and by folder.
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { table } from './machine.mjs'

/** Words for node that make it write its profile into a new folder when it ends. */
export async function profiling() {
  const folder = await mkdtemp(path.join(tmpdir(), 'hotdesk-profile-'))
  return { folder, words: ['--cpu-prof', `--cpu-prof-dir=${folder}`, '--cpu-prof-interval=500'] }
}

/** What each thread of the process that has ended wrote, as two tables; the main thread's are first. */
export async function profileOf(folder) {
  const threadOf = (file) => Number(file.split('.').at(-3))
  const files = (await readdir(folder)).toSorted((a, b) => threadOf(a) - threadOf(b))
  const texts = []
  for (const file of files) {
    const profile = selfTimes(JSON.parse(await readFile(path.join(folder, file), 'utf8')))
    texts.push(`Thread ${threadOf(file)}: busy for ${Math.round(busyTime(profile) / 1000)} ms`, summary(profile))
  }
  await rm(folder, { recursive: true, force: true })
  return texts.join('\n\n')
}

/** Microseconds. */
function busyTime(self) {
  return [...self.values()].reduce((sum, { us, name }) => sum + (name === '(idle)' ? 0 : us), 0)
}

function summary(self, lines = 30) {
  const busy = busyTime(self)
  const share = (us) => `${((us / busy) * 100).toFixed(1)} %`
  const awake = [...self.values()].filter(({ name }) => name !== '(idle)').toSorted((a, b) => b.us - a.us)
  const places = new Map()
  for (const { place, us } of awake) places.set(placeOf(place), (places.get(placeOf(place)) ?? 0) + us)
  const byPlace = [...places].toSorted((a, b) => b[1] - a[1]).slice(0, lines)
  return [
    table([['share', 'where'], ...byPlace.map(([place, us]) => [share(us), place])]),
    table([
      ['share', 'function', 'at'],
      ...awake.slice(0, lines).map(({ name, place, line, us }) => [share(us), name.slice(0, 50), `${shortened(place)}:${line}`]),
    ]),
  ].join('\n\n')
}

function selfTimes({ nodes, samples, timeDeltas }) {
  const byId = new Map(nodes.map((node) => [node.id, node.callFrame]))
  const self = new Map()
  for (const [at, id] of samples.entries()) {
    const { functionName, url, lineNumber } = byId.get(id)
    const key = `${functionName} ${url} ${lineNumber}`
    const entry = self.get(key) ?? { name: functionName || '(anonymous)', place: url, line: lineNumber + 1, us: 0 }
    entry.us += timeDeltas[at]
    self.set(key, entry)
  }
  return self
}

function shortened(url) {
  return url.replace(/^file:\/\//, '').replace(/^.*\/(dist|node_modules)\//, '')
}

function placeOf(url) {
  return url === '' ? '(engine)' : path.dirname(shortened(url))
}
