import { createSeal, type Seal } from '../../../src/base/seal.js'
import { Secret } from '../../../src/base/secret.js'
import { defaultSettings } from '../../../src/config/schema/schema.js'

/** The settings of a node whose configuration sets nothing but the required ones. */
export const defaults = defaultSettings()

/** The seal of a network of the default name. */
export function sealWith(secret: string): Seal {
  return createSeal(new Secret(secret), defaults.network)
}
