// Time of a routing decision with a thousand short codes, and of loading them. `npm run build && node test/bench/routing.mjs [dist folder]`
import path from 'node:path'
import { pathToFileURL } from 'node:url'

const dist = path.resolve(process.argv[2] ?? 'dist')
const load = (name) => import(pathToFileURL(path.join(dist, name)).href)
const { loadDialplan } = await load('dialplan/dialplan.js')
const { decide } = await load('calls/routing/decide.js')
const { emergencyOf } = await load('calls/routing/number-rules.js')

const codes = Array.from({ length: 1_000 }, (_, index) => {
  const code = String(index).padStart(4, '0')
  return index % 2 ? `  "*2${code}XX": { forward: "2XX" }` : `  "*2${code}": { extension: "200" }`
})
// None of them matches the numbers that are dialled, so each is looked at in every form.
const bars = Array.from({ length: 200 }, (_, index) => (index % 2 ? `"+39065${100 + index}XXXXX."` : `"0899${100 + index}."`))
const text = `site: rome
country: IT
outside: "0"
extensions: [2XX]
trunks: { carrier: { uri: "sip:192.0.2.1" } }
routes:
  - { match: "00Z.", strip: 2, prepend: "+", trunks: [carrier] }
  - { match: "Z.", prepend: "+39", trunks: [carrier] }
  - { match: "0Z.", prepend: "+39", trunks: [carrier] }
rights:
  default: { allow: [internal, national, mobile, international, other] }
  few: { allow: [internal, national, mobile, international, other], bar: ["+39199.", "0892.", "+3906X0000000"] }
  many: { allow: [internal, national, mobile, international, other], bar: [${bars.join(', ')}] }
shortCodes:
${codes.join('\n')}
`

/** Milliseconds of CPU, because other programs may run beside this one. */
function cpu() {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

const log = { debug: () => undefined }
const loads = Array.from({ length: 5 }, () => {
  const began = cpu()
  loadDialplan({ text, file: 'rome.yaml', log })
  return cpu() - began
})
console.log(`${codes.length} short codes are loaded in ${Math.round(Math.min(...loads))} to ${Math.round(Math.max(...loads))} ms`)

// The records are plain maps: the copy of Redis is measured by `npm run bench redis`.
const nobody = {
  rights: null,
  outOfHoursRights: null,
  timeProfile: null,
  profile: null,
  doNotDisturb: false,
  enabled: true,
  mayForward: true,
}
const forwards = { always: null, busy: null, noAnswer: null, notLoggedIn: null, notReachable: null }
const users = new Map(
  Array.from({ length: 100 }, (_, index) => {
    const extension = String(200 + index)
    return [extension, { ...nobody, extension, name: `User ${extension}`, home: 'rome', ringSeconds: 25, secondLogin: 'move', forwards }]
  }),
)
const device = {
  id: 'HD0001',
  site: 'rome',
  hotdesk: true,
  location: 'Rome',
  password: null,
  elin: null,
  mac: null,
  model: null,
  owner: null,
}
const binding = { device: 'HD0002', contact: 'sip:HD0002@192.0.2.9', flow: 'sip:192.0.2.9:5060', local: '', path: '', node: 'rome-1' }
const knowledge = {
  node: 'rome-1',
  dialplan: loadDialplan({ text, file: 'rome.yaml', log }),
  directory: {
    user: (extension) => users.get(extension) ?? null,
    device: () => device,
    node: () => null,
    nodes: () => [],
    sites: () => [],
    site: () => null,
    ownedBy: () => [],
  },
  hotdesk: { devicesOf: () => ['HD0002'], userOn: () => null, isDraining: () => false },
  registrar: { bindingsOf: () => [binding] },
  psapCallbacks: { deviceOf: () => null },
  trunks: { order: (trunks) => trunks },
  usage: { of: () => ({ calls: 0, callsInMinute: 0, secondsToday: 0 }) },
  clock: { now: () => Date.now() },
}

/** The median counts. The first passes warm up. */
const passes = 9
const rounds = 5_000

function measure(name, digitsOf, kind, rights = null) {
  const user = { ...users.get('250'), rights }
  const decideOne = (digits) => decide({ kind: 'dialled', digits, by: { device, user } }, knowledge).to
  const found = decideOne(digitsOf(0))
  if (found.kind !== kind) throw new Error(`${digitsOf(0)} leads to ${JSON.stringify(found)}`)
  const times = Array.from({ length: passes }, () => {
    const dialled = Array.from({ length: rounds }, (_, round) => digitsOf(round))
    const began = cpu()
    for (const digits of dialled) decideOne(digits)
    return ((cpu() - began) * 1000) / rounds
  })
  console.log(`${name.padEnd(48)} ${times.sort((one, other) => one - other)[(passes - 1) / 2].toFixed(1)} µs`)
}

const code = (index) => String(index % 1_000).padStart(4, '0')
const even = (round) => code(2 * (round % 500))
measure('an extension', (round) => String(200 + (round % 100)), 'phones')
measure('a short code for an extension', (round) => `*2${even(round)}`, 'phones')
measure('a short code that forwards, with two digits', (round) => `*2${code(2 * (round % 500) + 1)}50`, 'phones')
const known = (round) => `006${String(round % 1_000).padStart(8, '1')}`
const unknown = () => `006${String(Math.random()).slice(2, 10).padEnd(8, '1')}`
const unknownAbroad = () => `00044207${String(Math.random()).slice(2, 9).padEnd(7, '1')}`
measure('a number that was called before', known, 'outside')
measure('a number that was never called before', unknown, 'outside')
measure('the same abroad', unknownAbroad, 'outside')
for (const [rights, bars] of [
  ['few', '3 patterns'],
  ['many', '200 patterns'],
]) {
  measure(`${bars} barred, a number called before`, known, 'outside', rights)
  measure(`${bars} barred, never called before`, unknown, 'outside', rights)
  measure(`${bars} barred, abroad, never called before`, unknownAbroad, 'outside', rights)
}
measure('digits that mean nothing', (round) => `*3${code(round)}`, 'refused')

/** What every INVITE costs before its caller is known: whether it calls for help. */
function measureUnknown(name, digitsOf) {
  const few = rounds / 5
  const digits = Array.from({ length: few }, (_, round) => digitsOf(round))
  const began = cpu()
  for (const each of digits) if (emergencyOf(each, () => null, knowledge) !== null) throw new Error(`${each} is an emergency number`)
  console.log(`${name.padEnd(48)} ${(((cpu() - began) * 1000) / few).toFixed(1)} µs`)
}

measureUnknown('before authentication: a number', () => `006${String(Math.random()).slice(2, 10).padEnd(8, '1')}`)
measureUnknown(
  'before authentication: a number nobody reads',
  () => `00${String(Math.random()).slice(2).padEnd(16, '1').repeat(2).slice(0, 26)}`,
)
