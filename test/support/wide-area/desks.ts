import { join } from 'node:path'
import type { NodeHost, TestNode } from '../node/node.js'
import { networkDomain } from '../node/node.js'
import { openAgent } from '../process/agent.js'
import { uniqueWord } from '../process/unique-word.js'

/** Phones of one site, which run in its network namespace. */
export interface Desks {
  /** `192.0.2.9:41234`: where calls from a trunk come from. */
  readonly address: string
  /** A phone of ours, or with an empty password a line of a carrier. */
  phone(device: string, password: string, node: Pick<TestNode, 'udp'>): Promise<DeskPhone>
  close(): Promise<void>
}

export interface DeskPhone {
  readonly device: string
  /** The status of the response. */
  register(): Promise<number>
  dial(number: string): Promise<DeskDialling>
  /** The next call that arrives; the phone rings. */
  nextCall(): Promise<DeskIncoming>
}

export interface DeskDialling {
  readonly call: DeskCall
  /** The final response. */
  readonly outcome: Promise<{ readonly status: number; readonly reason: string }>
}

export interface DeskIncoming {
  readonly name: string
  readonly number: string
  answer(): Promise<DeskCall>
}

export interface DeskCall {
  press(key: string): Promise<void>
  /** Resolves when this key has been heard. */
  hears(key: string): Promise<void>
  hangUp(): Promise<void>
  readonly ended: () => Promise<void>
  isEnded(): Promise<boolean>
}

/** Longer than a phone rings. */
const patienceMs = 60_000

export async function openDesks(host: NodeHost): Promise<Desks> {
  const { started, ask, close } = await openAgent(
    host.run(process.execPath, [join(import.meta.dirname, 'desk-agent.mjs'), host.address]),
    patienceMs,
  )

  const callNamed = (call: string): DeskCall => ({
    press: async (key) => void (await ask('press', { call, key })),
    hears: async (key) => void (await ask('hears', { call, key })),
    hangUp: async () => void (await ask('hangUp', { call })),
    ended: async () => void (await ask('ended', { call })),
    isEnded: async () => (await ask('state', { call })).ended === true,
  })

  return {
    address: String(started.address),
    async phone(device, password, { udp }) {
      await ask('phone', { device, password, node: udp, domain: networkDomain })
      return {
        device,
        register: async () => Number((await ask('register', { device })).status),
        async dial(number) {
          const call = uniqueWord()
          await ask('dial', { device, number, call })
          const outcome = ask('outcome', { call }).then(({ status, reason }) => ({ status: Number(status), reason: String(reason) }))
          outcome.catch(() => undefined)
          return { call: callNamed(call), outcome }
        },
        async nextCall() {
          const call = uniqueWord()
          const { name, number } = await ask('ring', { device, call })
          return {
            name: String(name),
            number: String(number),
            async answer() {
              await ask('answer', { call })
              return callNamed(call)
            },
          }
        },
      }
    },
    close,
  }
}
