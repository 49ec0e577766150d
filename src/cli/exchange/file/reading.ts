import type { ParsedFile, Problem } from '../../../config/yaml/yaml-schema.js'

/** The content of a file. */
export interface Reading {
  readonly written: ParsedFile
  /** Problems of rows that could be read. */
  readonly rowProblems: readonly Problem[]
  /** The file is the saved copy of a node. */
  readonly isCopy?: true
}
