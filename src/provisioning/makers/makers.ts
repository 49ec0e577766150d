import type { Maker } from './maker.js'
import { yealink } from './yealink.js'

/** Every family of phones whose files the node serves. */
export const makers: readonly Maker[] = [yealink]
