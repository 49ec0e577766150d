import type { Format, Settings } from '../formats/format.js'

/** A file that phones of a family ask for. */
export interface MakerFile {
  /** Its path below the secret; the named group `mac` or `model`, if there is one. */
  readonly pattern: RegExp
  /** Name of the Liquid template: `yealink` is `templates/yealink.liquid`, or an operator's file of that name. */
  readonly template: string
  readonly format: Format
  readonly contentType: string
  /**
   * Settings that an override of the template leaves as the built-in template writes them: the identity of the phone, the logout key,
   * emergency numbers. Matched against the names that `format.read` gives.
   */
  readonly kept: readonly RegExp[]
  /** What is wrong with a file that the format itself could be read; empty if nothing is. */
  check(settings: Settings): readonly string[]
}

/** The files of one family of phones. */
export interface Maker {
  /** `PhoneModel.family` */
  readonly family: string
  readonly files: readonly MakerFile[]
}
