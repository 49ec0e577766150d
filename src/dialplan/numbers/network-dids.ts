import type { Extension, SiteName } from '../../base/identity.js'
import type { Directory, Site } from '../../directory/directory.js'
import { bitOf, overlap, parsePattern, wildcards } from '../pattern.js'
import type { Dialplan } from '../route.js'
import { createDidLookup, type Did, type DidLookup, didFrom } from './dids.js'
import type { NumberPlan } from './number-plan.js'

// Direct numbers of the network: the nodes of each site publish those of their dial plan, so that a call which arrives at another site finds its
// user.

/** A shorter number means something only at the trunk that delivers it. */
const shortestLocal = 7

/** Each number with its country code if that is known, and its extension. */
export function publishedDids(dids: readonly Did[], numbers: Pick<NumberPlan, 'e164'>): readonly string[] {
  return dids.flatMap((did) => {
    const number = did.plus === '+' ? `+${did.number.text}` : (global(did.number.text, numbers) ?? did.number.text)
    return number.startsWith('+') || number.length >= shortestLocal ? [`${number}=${did.extension.text}`] : []
  })
}

/** `0207946010X` → `+44207946010X`; null if the country code is not known. */
function global(text: string, { e164 }: Pick<NumberPlan, 'e164'>): string | null {
  const sample = text.replace(/[XZN]/g, '2')
  const full = e164(sample) ?? ''
  for (let cut = 0; cut < 4; cut += 1) {
    const rest = sample.slice(cut)
    if (full.endsWith(rest) && rest.length >= shortestLocal) return full.slice(0, -rest.length) + text.slice(cut)
  }
  return null
}

export interface NetworkNumbers {
  readonly dialplan: Pick<Dialplan, 'site' | 'did' | 'numbers' | 'emergency'>
  readonly directory: Pick<Directory, 'sites' | 'user'>
}

/** The owner of a direct number, and the site whose dial plan lists it. */
export interface NumberOwner {
  readonly extension: Extension
  readonly site: SiteName
}

/**
 * The user of a direct number. The plan of this site comes first. If several other sites list the number, the home site of its user counts, then
 * the first by name.
 */
export function ownerOfNumber(number: string, { dialplan, directory }: NetworkNumbers): NumberOwner | null {
  const own = dialplan.did(number)
  if (own !== null) return { extension: own, site: dialplan.site }
  // No plan of another site gives an emergency number of this one another meaning.
  if (dialplan.emergency(number) !== null) return null
  const forms = dialplan.numbers.formsOf(number)
  const owners = directory
    .sites()
    .filter(({ id }) => id !== dialplan.site)
    .toSorted((one, other) => (one.id < other.id ? -1 : 1))
    .flatMap((site) => {
      const extension = publishedAt(site).find(forms)
      return extension === null ? [] : [{ extension, site: site.id }]
    })
  return owners.find(({ extension, site }) => directory.user(extension)?.home === site) ?? owners[0] ?? null
}

interface Published {
  readonly dids: readonly Did[]
  readonly find: DidLookup
}

const read = new WeakMap<Pick<Site, 'dids'>, Published>()

/** A record is a new object after each change. */
function publishedAt(site: Pick<Site, 'dids'>): Published {
  const known = read.get(site)
  if (known) return known
  const dids = parsePublished(site.dids)
  const published = { dids, find: createDidLookup(dids) }
  read.set(site, published)
  return published
}

function parsePublished(texts: readonly string[]): readonly Did[] {
  return texts.flatMap((text) => {
    const [number = '', inside = ''] = text.split('=')
    const extension = parsePattern(inside)
    const did = extension && didFrom(number, extension)
    return did && wildcards(did.number) === wildcards(did.extension) ? [did] : []
  })
}

/** Numbers that another site gives to another extension than this one, as sentences. At each site, its own plan counts. */
export function didConflicts(
  { site, publishedDids: own }: Pick<Dialplan, 'site' | 'publishedDids'>,
  sites: readonly Site[],
): readonly string[] {
  const here = parsePublished(own)
  return sites
    .filter(({ id }) => id !== site)
    .flatMap((other) =>
      here.flatMap((did) =>
        publishedAt(other)
          .dids.filter((there) => differ(did, there))
          .map(
            (there) =>
              `${did.plus}${did.number.text} is ${did.extension.text} here, and ${there.plus}${there.number.text} is ${there.extension.text} at ${other.id}: a call reaches the one that the site of its trunk lists`,
          ),
      ),
    )
}

/** Whether some number is in both, with different extensions. */
function differ(one: Did, other: Did): boolean {
  if (!overlap(one.number, other.number)) return false
  return (['first', 'last'] as const).some((which) => {
    const number = [shared(one, other, which)]
    return createDidLookup([one])(number) !== createDidLookup([other])(number)
  })
}

/** The first or the last number that both have. */
function shared(one: Did, other: Did, which: 'first' | 'last'): string {
  const digits = which === 'first' ? '0123456789' : '9876543210'
  return one.number.positions
    .map((bits, index) => Array.from(digits).find((digit) => (bits & (other.number.positions[index] ?? 0) & bitOf(digit, 0)) !== 0) ?? '')
    .join('')
}
