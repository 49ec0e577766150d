import type { NodeName } from '../../base/identity.js'
import type { Reply } from '../../control/control.js'

type NodeCall = Reply<'calls'>['calls'][number]

/** A call as one node sees it. */
export interface Part {
  readonly node: NodeName
  readonly call: NodeCall
}

type Leg = NodeCall['legs'][number]

/** A call in progress. If nodes have handed it on, it is one call with several nodes. */
export interface NetworkCall extends Pick<NodeCall, 'kind' | 'caller' | 'dialled' | 'from' | 'to' | 'phones' | 'state' | 'since'> {
  /** Its id at each node, and its dialogs there, from the caller to the callee. */
  readonly at: readonly { readonly node: NodeName; readonly id: string; readonly legs: readonly Leg[] }[]
}

type Side = 'caller' | 'callee'

/** One end of a part: a dialog, whose other side may be another part. */
interface End {
  readonly part: Part
  readonly side: Side
  readonly leg: Leg
}

/** The ends at other nodes to which the ends of a part lead. */
type Links = ReadonlyMap<Part, Readonly<Record<Side, readonly End[]>>>

/** A part on the way from the caller to the callee. It is entered at this side, and left at the other one. */
interface Stop {
  readonly part: Part
  readonly enteredAt: Side
}

/**
 * Joins the parts of each call by the Call-IDs that two nodes share. Usually leg B of one node is leg A of the next. After a transfer two nodes
 * may both have the dialog as leg A, and after a pick-up both as leg B.
 */
export function joinCalls(parts: readonly Part[]): readonly NetworkCall[] {
  const ownerOf = owners(parts)
  const links = linksOf(parts.filter((part) => !ownerOf.has(part)))
  const left = new Set(links.keys())
  const calls: NetworkCall[] = []
  for (const part of links.keys()) {
    if (!left.has(part)) continue
    const core = coreOf(connected(part, links).filter((each) => left.has(each)))
    const stops = stopsFrom(headOf(core, links), links)
    for (const stop of stops) left.delete(stop.part)
    calls.push(callOf(stops, core, ownerOf))
  }
  return calls
}

/**
 * Parts that belong to the call of another one at the same node: a call while its transfer rings, and the call by which a colleague has picked
 * up another.
 */
function owners(parts: readonly Part[]): ReadonlyMap<Part, Part> {
  const found = new Map<Part, Part>()
  for (const part of parts) {
    const owner = parts.find((other) => other !== part && other.node === part.node && owns(other, part))
    if (owner) found.set(part, owner)
  }
  return found
}

function owns({ call: { transferOf, legB } }: Part, { call: part }: Part): boolean {
  const isPickUp = part.transferOf === null && part.legB === null && part.legs.length === 0
  return transferOf === part.id || (isPickUp && legB === part.legA)
}

// ── which parts are one call ─────────────────────────────────────────────────────────────────────────────────────────

function linksOf(parts: readonly Part[]): Links {
  const links = new Map(parts.map((part) => [part, { caller: [] as End[], callee: [] as End[] }]))
  const waiting = new Map<string, End[]>()
  for (const end of parts.toSorted(newestFirst).flatMap(endsOf)) {
    const others = waiting.get(end.leg.callId) ?? []
    const other = others.find((each) => isFacing(end, each) && isFacing(each, end))
    if (other) {
      others.splice(others.indexOf(other), 1)
      links.get(end.part)?.[end.side].push(other)
      links.get(other.part)?.[other.side].push(end)
    } else waiting.set(end.leg.callId, [...others, end])
  }
  return links
}

function newestFirst(one: Part, other: Part): number {
  return other.call.since.localeCompare(one.call.since)
}

function endsOf(part: Part): readonly End[] {
  const [first, ...others] = legsOf(part).map((leg) => ({ part, leg, side: 'callee' as Side }))
  return first ? [{ ...first, side: 'caller' }, ...others] : []
}

/** Leg A, then the leg B that has answered, or each one that was tried. */
function legsOf({ call: { legA, from, legB, answeredBy, legs } }: Part): readonly Leg[] {
  return [{ callId: legA, peer: from }, ...(legB === null ? legs : [{ callId: legB, peer: answeredBy }])]
}

/** A node of an earlier version does not report who has answered. */
function isFacing({ leg: { peer } }: End, { part }: End): boolean {
  return peer === null || peer === `node ${part.node}`
}

function connected(first: Part, links: Links): readonly Part[] {
  const found = new Set([first])
  // A set yields what is added meanwhile.
  for (const part of found)
    for (const end of [...endsBehind(part, 'caller', links), ...endsBehind(part, 'callee', links)]) found.add(end.part)
  return [...found]
}

function endsBehind(part: Part, side: Side, links: Links): readonly End[] {
  return links.get(part)?.[side] ?? []
}

// ── who talks to whom ────────────────────────────────────────────────────────────────────────────────────────────────

/** The part that knows who calls whom now: the latest transfer, else the part that began first. */
function coreOf(parts: readonly Part[]): Part {
  const sorted = parts.toSorted(newestFirst)
  const core = sorted.find(({ call }) => call.transferOf !== null) ?? sorted.at(-1)
  if (!core) throw new Error('a call without parts')
  return core
}

function headOf(core: Part, links: Links): Stop {
  const seen = new Set<Part>()
  let stop: Stop = { part: core, enteredAt: 'caller' }
  for (;;) {
    seen.add(stop.part)
    const [before] = endsBehind(stop.part, stop.enteredAt, links)
    if (!before || seen.has(before.part)) return stop
    stop = { part: before.part, enteredAt: opposite(before.side) }
  }
}

/** From the caller to the callee, or to each node where phones ring. */
function stopsFrom(head: Stop, links: Links): readonly Stop[] {
  const found = new Map<Part, Stop>()
  function visit(stop: Stop): void {
    if (found.has(stop.part)) return
    found.set(stop.part, stop)
    for (const end of endsBehind(stop.part, opposite(stop.enteredAt), links)) visit({ part: end.part, enteredAt: end.side })
  }
  visit(head)
  return [...found.values()]
}

function opposite(side: Side): Side {
  return side === 'caller' ? 'callee' : 'caller'
}

function callOf(stops: readonly Stop[], core: Part, ownerOf: ReadonlyMap<Part, Part>): NetworkCall {
  const [head = { part: core, enteredAt: 'caller' }] = stops
  const last = stops.at(-1) ?? head
  const { call: lead } = stops.find(({ enteredAt }) => enteredAt === 'caller')?.part ?? core
  const to = targetOf(last)
  const owned = (part: Part): readonly Part[] => [...ownerOf].flatMap(([each, owner]) => (owner === part ? [each] : []))
  const all = stops.flatMap(({ part }) => [...owned(part), part])
  return {
    kind: all.some(({ call }) => call.kind === 'emergency') ? 'emergency' : 'ordinary',
    caller: lead.caller,
    dialled: lead.dialled,
    from: head.enteredAt === 'caller' ? head.part.call.from : (head.part.call.answeredBy ?? head.part.call.to),
    to: to.to || core.call.to,
    phones: to.phones,
    state: core.call.state,
    since: lead.since,
    at: all.map((part) => ({ node: part.node, id: part.call.id, legs: legsOf(part) })),
  }
}

/** The caller of a part that is passed from its callee's side. */
function targetOf({ part: { call }, enteredAt }: Stop): Pick<NetworkCall, 'to' | 'phones'> {
  if (enteredAt === 'caller') return { to: call.to, phones: call.phones }
  if (call.from.includes(' ')) return { to: call.from, phones: [] }
  return call.caller === call.from ? { to: `phone ${call.from}`, phones: [] } : { to: `user ${call.caller}`, phones: [call.from] }
}

/** `paris-1 → london-1`; `paris-1 → paris-2, london-1` while phones at both ring. */
export function nodesOf(at: NetworkCall['at']): string {
  return at
    .map(({ node }, index) => {
      const before = at[index - 1]
      if (before?.node === node) return ''
      if (!before) return node
      return before.legs.some(({ peer }) => peer === `node ${node}`) ? ` → ${node}` : `, ${node}`
    })
    .join('')
}
