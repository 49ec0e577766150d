// Softphones of one site, in its network namespace. A request is a line of JSON on standard input, `{ id, do, … }`, and so is its answer,
// `{ id, … }`. Phones and calls have names that the requests give them.
import { createInterface } from 'node:readline'
import { systemClock } from '../../../dist/base/clock.js'
import { silentLogger } from '../../../dist/base/logger.js'
import { Secret } from '../../../dist/base/secret.js'
import { createSoftphones } from '../../../dist/softphones/softphones.js'

const bank = await createSoftphones({ clock: systemClock, log: silentLogger(), address: process.argv[2] })
const phones = new Map()
const diallings = new Map()
const ringing = new Map()
const calls = new Map()
/** Call → the keys heard from its beginning, and who waits for the next. */
const heard = new Map()

/** A key may arrive before the request that asks for it. */
function begin(name, call) {
  const keys = { all: [], wake: () => undefined }
  calls.set(name, call)
  heard.set(name, keys)
  call.audio.onKeyPress((key) => {
    keys.all.push(key)
    keys.wake()
  })
}

const outcomeOf = async ({ result }, call) => {
  const dialled = await result
  if (dialled.outcome === 'answered') begin(call, dialled.call)
  return { status: dialled.answer.status, reason: dialled.answer.reason }
}

const requests = {
  address: () => ({ address: bank.address }),
  phone({ device, password, node, domain }) {
    phones.set(device, bank.phone({ device, password: new Secret(password), node, domain }))
  },
  async register({ device }) {
    const { status } = await phones.get(device).register()
    return { status }
  },
  async dial({ device, number, call }) {
    diallings.set(call, await phones.get(device).dial(number))
  },
  outcome: ({ call }) => outcomeOf(diallings.get(call), call),
  async ring({ device, call }) {
    const incoming = await phones.get(device).nextCall()
    ringing.set(call, incoming)
    return { name: incoming.callerName, number: incoming.callerNumber }
  },
  async answer({ call }) {
    begin(call, await ringing.get(call).answer())
  },
  async press({ call, key }) {
    await calls.get(call).audio.press(key)
  },
  async hears({ call, key }) {
    const keys = heard.get(call)
    while (!keys.all.includes(key))
      await new Promise((resolve) => {
        keys.wake = resolve
      })
  },
  hangUp: ({ call }) => calls.get(call).hangUp(),
  ended: ({ call }) => calls.get(call).ended,
  state: ({ call }) => ({ ended: calls.get(call).dialog.ended }),
}

async function answerTo(line) {
  const { id, do: name, ...parts } = JSON.parse(line)
  try {
    const answer = await requests[name](parts)
    process.stdout.write(`${JSON.stringify({ id, ...answer })}\n`)
  } catch (fault) {
    process.stdout.write(`${JSON.stringify({ id, fault: String(fault?.stack ?? fault) })}\n`)
  }
}

createInterface({ input: process.stdin }).on('line', (line) => void answerTo(line))
process.stdin.on('end', () => process.exit(0))
process.stdout.write(`${JSON.stringify({ id: 0, address: bank.address })}\n`)
