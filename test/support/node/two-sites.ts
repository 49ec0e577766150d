import type { Phone } from '../../../src/softphones/softphone.js'
import type { TestNode } from './node.js'
import { openTestOffice, type TestOffice } from './office.js'

/** Two nodes at two sites with one Redis; two phones at the one, one at the other. */
export interface TwoSites {
  readonly office: TestOffice
  readonly paris: TestNode
  readonly london: TestNode
  /** HD0001 and HD0002 in Paris, HD0003 in London. */
  readonly desk1: Phone
  readonly desk2: Phone
  readonly desk3: Phone
}

export async function openTwoSites(): Promise<TwoSites> {
  const office = await openTestOffice()
  const paris = await office.node('paris-1', 'paris')
  const london = await office.node('london-1', 'london')
  const [desk1, desk2] = [await office.phone('HD0001', paris), await office.phone('HD0002', paris)]
  return { office, paris, london, desk1, desk2, desk3: await office.phone('HD0003', london) }
}
