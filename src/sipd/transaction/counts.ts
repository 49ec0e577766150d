/** Counts of messages since the start. */
export interface Counts {
  requests: number
  responses: number
  /** Retransmissions of requests, and ACKs that ended a transaction. */
  absorbed: number
  /** Our retransmissions. */
  repeated: number
  /** Malformed messages; requests got a response if possible. */
  malformed: number
  /** Header fields that were ignored: malformed or repeated, and not needed. */
  leftOut: number
  /** Requests that arrived by two paths (RFC 3261 §8.2.2.2). */
  merged: number
  /** Requests refused with 503, because the table of transactions was full or the node overloaded. */
  refused: number
  /** Requests of banned sources and scanners, without a response. */
  dropped: number
  /** Requests challenged without a transaction, because unknown sources had reached their limits. */
  challenged: number
  /** Requests too large for an unknown source. */
  tooLarge: number
  /** Requests of unknown sources without a response, because there were too many. */
  ignored: number
  /** Messages not sent to an unvalidated UDP source, because it had sent too little itself. */
  withheld: number
  /** Responses without a transaction. */
  strayResponses: number
  /** Connections closed because their table was full, or their TLS handshake failed. */
  refusedConnections: number
  /** A listener of the layer's user has thrown. */
  faults: number
}

export function newCounts(): Counts {
  return {
    requests: 0,
    responses: 0,
    absorbed: 0,
    repeated: 0,
    malformed: 0,
    leftOut: 0,
    merged: 0,
    refused: 0,
    dropped: 0,
    challenged: 0,
    tooLarge: 0,
    ignored: 0,
    withheld: 0,
    strayResponses: 0,
    refusedConnections: 0,
    faults: 0,
  }
}

/** Present sizes of the tables. */
export interface Load {
  readonly serverTransactions: number
  readonly clientTransactions: number
  /** Our requests without a final response, and refusals of INVITEs that are retransmitted until their ACK arrives. */
  readonly unsettled: number
  /** Stream connections, open or opening. */
  readonly connections: number
  /** Sources whose requests are dropped. */
  readonly bans: number
  /** Entries in the tables of sources. */
  readonly remembered: number
  readonly isOverloaded: boolean
}
