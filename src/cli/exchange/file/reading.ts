import type { ParsedFile, Problem } from '../../../config/yaml/yaml-schema.js'

/** What a file says, and what is wrong with it although it can be read. */
export interface Reading {
  readonly written: ParsedFile
  readonly late: readonly Problem[]
  /** It is the copy that a node has saved. */
  readonly isCopy?: true
}
