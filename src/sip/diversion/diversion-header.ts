import { nameAddr, parseNameAddr, printNameAddr } from '../headers/name-addr.js'
import type { HeaderReader } from '../identity/caller.js'
import { splitList } from '../syntax/list.js'
import { unquote } from '../syntax/quoted-string.js'
import { dialled } from '../uri/dialled.js'
import { type Diversion, maxDiversions } from './diversion.js'
import { parseDiversionReason } from './diversion-reason.js'

/**
 * The forwards in Diversion (RFC 5806), oldest first: in the header the newest is first. Malformed values are ignored. `numberIn`: reads the
 * number of a URI.
 */
export function diversionHeader(header: HeaderReader, numberIn = dialled): readonly Diversion[] {
  const values = splitList(header('Diversion')).slice(0, maxDiversions)
  return values.flatMap((value) => diversionIn(value, numberIn)).reverse()
}

function diversionIn(value: string, numberIn: typeof dialled): readonly Diversion[] {
  const address = parseNameAddr(value)
  if (!address) return []
  const parameter = (name: string): string => unquote(address.params.get(name) ?? '')
  const isPrivate = !['', 'off'].includes(parameter('privacy').toLowerCase())
  const reason = parseDiversionReason(parameter('reason'))
  return [{ number: numberIn(address.uri), name: address.display, reason, times: timesIn(parameter('counter').trim()), isPrivate }]
}

/** More forwards than any node lets a call pass. A larger counter stands for this one, so that it still shows a loop. */
const mostTimes = 99

function timesIn(counter: string): number {
  return /^[0-9]+$/.test(counter) ? Math.min(Math.max(1, Number(counter)), mostTimes) : 1
}

/** The value of a Diversion header. `uriOf`: the address that the receiver is shown; null: the entry is left out. */
export function printDiversions(diversions: readonly Diversion[], uriOf: (diversion: Diversion) => string | null): string {
  const values = diversions.flatMap((diversion) => {
    const uri = uriOf(diversion)
    const { name, reason, times, isPrivate } = diversion
    const params = [
      ['reason', reason],
      ['counter', String(times)],
      ['privacy', isPrivate ? 'full' : 'off'],
    ] as const
    return uri === null ? [] : [printNameAddr(nameAddr(uri, isPrivate ? '' : name, new Map(params)))]
  })
  return values.reverse().join(', ')
}
