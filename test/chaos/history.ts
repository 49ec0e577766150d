/** A course of events under load, and the verdict on what is left afterwards. One file of `histories/` each. */
export interface History {
  /** Its name on the command line: `npm run chaos planned-failover`. */
  readonly name: string
  /** What happens, in one line. */
  readonly title: string
  run(course: Course): Promise<Verdict>
}

export interface Course {
  /** `short`: a few seconds, for the test suite. */
  readonly length: 'short' | 'full'
  /** Reports what happens now. */
  note(what: string): void
}

export interface Verdict {
  /** Figures of the history; each name is a column of the table. */
  readonly counts: Readonly<Record<string, number>>
  /** What must not happen and did; empty: the history held. */
  readonly faults: readonly string[]
}
