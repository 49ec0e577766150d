import type { Phone } from '../../../src/softphones/softphone.js'
import { type Conversation, converse, expectSound, hangUp } from '../../support/node/conversation.js'
import type { TestNode } from '../../support/node/node.js'
import { callHistory, userAt } from '../stage/call-stage.js'

const nodes = { short: 1, full: 3 }
/** Emergency calls that begin while a node is stopping. */
const meanwhile = { short: 1, full: 4 }

interface Site {
  readonly name: string
  readonly at: TestNode
  readonly phones: readonly Phone[]
  /** Who sits at the second of the phones. */
  readonly partner: string
}

export const rollingRestart = callHistory(
  'rolling-restart',
  'nodes are stopped and started one after the other, under emergency calls',
  async ({ carrier, node, desk }, { length, note }) => {
    const counts = {
      'nodes restarted': 0,
      'emergency calls': 0,
      'emergency calls lost': 0,
      'exit codes not 0': 0,
    }
    const faults: string[] = []

    async function restart({ name, at, phones, partner }: Site): Promise<void> {
      const [first, second, ...others] = phones
      if (!first || !second) throw new Error('two desks at least')
      const centre = carrier.line('112', at.udp)
      const ordinary = await converse(first, partner, second)
      const help: Conversation[] = [await converse(others[0] ?? first, '112', centre)]
      note(`${name} is stopped under ${help.length} emergency call`)
      at.signal('SIGTERM')
      await ordinary.caller.ended
      for (const phone of others.slice(1)) help.push(await converse(phone, '112', centre))
      counts['emergency calls'] += help.length
      for (const call of help) {
        const isLost =
          call.caller.dialog.ended ||
          (await expectSound(call)
            .then(() => false)
            .catch(() => true))
        if (isLost) {
          counts['emergency calls lost'] += 1
          faults.push(`${name}: an emergency call was lost`)
        } else await hangUp(call)
      }
      if ((await at.exited) !== 0) {
        counts['exit codes not 0'] += 1
        faults.push(`${name} did not end in order`)
      }
      note(`${name} is started again`)
      await node(name, at)
      await hangUp(await converse(first, partner, second))
      counts['nodes restarted'] += 1
    }

    const sites: Site[] = []
    for (let n = 0; n < nodes[length]; n++) {
      const name = `paris-${n + 1}`
      const at = await node(name)
      const own: Phone[] = []
      for (let d = 0; d < meanwhile[length] + 3; d++) own.push(await desk(20 * n + d, at))
      sites.push({ name, at, phones: own, partner: userAt(20 * n + 1) })
    }
    for (const site of sites) await restart(site)
    return { counts, faults }
  },
)
