/** What the network brought, since the start. */
export interface Counts {
  requests: number
  responses: number
  /** Retransmissions of requests, and ACKs that ended a transaction. */
  absorbed: number
  /** Messages of ours that went out once more, because nothing came back or the other side asked again. */
  repeated: number
  /** Could not be understood; answered where that was possible. */
  malformed: number
  /** Header fields that count for nothing: malformed or repeated, and needed by nobody. */
  leftOut: number
  /** The same request by two ways (RFC 3261 §8.2.2.2). */
  merged: number
  /** Answered 503 because the table of transactions was full or the node overloaded. */
  refused: number
  /** From a banned source, or from a scanner; not answered. */
  dropped: number
  /** Answered with a challenge without a transaction: strangers had used up their share. */
  challenged: number
  /** Too large for a stranger. */
  tooLarge: number
  /** Requests of strangers that got no answer, because there were too many. */
  ignored: number
  /** Responses not sent to a UDP source that has not proved to be real, because it had sent too little itself. */
  withheld: number
  /** Responses that nobody awaited. */
  strayResponses: number
  /** Connections closed because the table of connections was full, or because their TLS handshake failed. */
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

/** How full the tables are at this moment. */
export interface Load {
  readonly serverTransactions: number
  readonly clientTransactions: number
  /** Requests of ours without a final response, and refusals of INVITEs that are repeated until their ACK comes. */
  readonly unsettled: number
  /** Streams, open or opening. */
  readonly connections: number
  /** Sources whose requests are dropped. */
  readonly bans: number
  /** Entries that the tables of sources hold. */
  readonly remembered: number
  readonly isOverloaded: boolean
}
