/** A server's role in replication, from `INFO replication`. */
export interface Replication {
  readonly isPrimary: boolean
  /** Offset of its replication stream. */
  readonly offset: number
  /** The connected replicas, by the addresses that this server gives. */
  readonly replicas: readonly ConnectedReplica[]
}

export interface ConnectedReplica {
  readonly host: string
  readonly port: number
  /** False during its initial synchronization. */
  readonly isOnline: boolean
  /** The offset that it has acknowledged. */
  readonly offset: number
}

export function readReplication(info: string): Replication {
  return {
    isPrimary: /^role:master\b/m.test(info),
    offset: Number(/^master_repl_offset:(\d+)/m.exec(info)?.[1] ?? 0),
    replicas: Array.from(info.matchAll(/^slave\d+:(\S+)/gm), ([, fields = '']) => readReplica(fields)),
  }
}

/** `ip=192.0.2.7,port=6379,state=online,offset=4711,lag=0` */
function readReplica(text: string): ConnectedReplica {
  const fields = new Map(text.split(',').map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)] as const))
  return {
    host: fields.get('ip') ?? '',
    port: Number(fields.get('port')),
    isOnline: fields.get('state') === 'online',
    offset: Number(fields.get('offset')),
  }
}

/** `host:port`, also the key of a set. */
export function addressOf({ host, port }: { readonly host: string; readonly port: number }): string {
  return `${host}:${port}`
}
