/** Why a message cannot be accepted: the status of the response to a request, and its reason phrase. */
export interface Defect {
  readonly status: 400 | 505 | 513
  readonly reason: string
}

export function malformed(reason: string): Defect {
  return { status: 400, reason }
}
