import type { Make } from '../../../phone-models/phone-models.js'
import type { PageFormat } from '../page.js'
import { ciscoPages } from './cisco.js'
import { fanvilPages } from './fanvil.js'
import { genericPages } from './generic.js'
import { gigasetPages } from './gigaset.js'
import { grandstreamPages } from './grandstream.js'
import { polyPages } from './poly.js'
import { snomPages } from './snom.js'
import { yealinkPages } from './yealink.js'

export const pageFormats: Readonly<Record<Make, PageFormat>> = {
  yealink: yealinkPages,
  snom: snomPages,
  grandstream: grandstreamPages,
  poly: polyPages,
  fanvil: fanvilPages,
  gigaset: gigasetPages,
  cisco: ciscoPages,
  generic: genericPages,
}
