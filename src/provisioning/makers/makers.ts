import { cisco } from './cisco.js'
import { fanvil } from './fanvil.js'
import { generic } from './generic.js'
import { gigasetMaxwell, gigasetN } from './gigaset.js'
import { grandstream } from './grandstream.js'
import type { Maker } from './maker.js'
import { poly } from './poly.js'
import { snom } from './snom.js'
import { yealink } from './yealink.js'

/** Every family of phones whose files the node serves. */
export const makers: readonly Maker[] = [yealink, snom, grandstream, poly, fanvil, gigasetN, gigasetMaxwell, cisco, generic]
