/** Why a user may not be logged in at any phone. */
export type BarredReason = 'unknown-extension' | 'disabled' | 'not-allowed'

/** The reason by the user's record, null if the user may log in. The same rule as `reason_barred` in functions/library.lua. */
export function reasonBarred(record: ReadonlyMap<string, string> | undefined): BarredReason | null {
  if (record === undefined) return 'unknown-extension'
  if (record.get('enabled') === 'no') return 'disabled'
  return record.get('mayHotdesk') === 'no' ? 'not-allowed' : null
}
