/** A call as a lamp shows it. */
export interface ShownCall {
  /** The same from the first ringing to the end. */
  readonly id: string
  readonly state: (typeof states)[number]
  /** Who calls, while it rings; null: unknown, private, or no longer to be shown. */
  readonly caller: { readonly name: string; readonly number: string } | null
}

const states = ['ringing', 'calling', 'up'] as const

/** The calls at one node, as it writes them to Redis. */
export interface NodeCalls {
  /** The start of the node that has written them. They are over when it has ended. */
  readonly boot: string
  readonly calls: readonly ShownCall[]
}

/** A user is shown with their first calls only. */
const mostCalls = 10
const longestText = 64

export function writeNodeCalls({ boot, calls }: NodeCalls): string {
  const written = calls.slice(0, mostCalls).map(({ id, state, caller }) => ({
    id,
    state,
    ...(caller && { name: caller.name.slice(0, longestText), number: caller.number.slice(0, longestText) }),
  }))
  return JSON.stringify({ boot, calls: written })
}

/** Null for text of another form. */
export function parseNodeCalls(text: string): NodeCalls | null {
  try {
    const read: unknown = JSON.parse(text)
    if (!isBlock(read) || typeof read.boot !== 'string' || !Array.isArray(read.calls)) return null
    return { boot: read.boot, calls: read.calls.slice(0, mostCalls).flatMap((each) => callIn(each) ?? []) }
  } catch {
    return null
  }
}

function callIn(read: unknown): ShownCall | null {
  if (!isBlock(read)) return null
  const { id, name, number } = read
  const state = states.find((each) => each === read.state)
  if (typeof id !== 'string' || !/^[0-9a-z-]{1,40}$/.test(id) || state === undefined) return null
  return { id, state, caller: typeof name === 'string' && typeof number === 'string' ? { name, number } : null }
}

function isBlock(read: unknown): read is Readonly<Record<string, unknown>> {
  return typeof read === 'object' && read !== null
}
