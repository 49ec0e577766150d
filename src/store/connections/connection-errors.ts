import { messageOf } from '../../base/errors.js'

/** Why Redis cannot be used, in words for operators. */
export interface Trouble {
  /** What happened, as a clause: `Redis refuses the user name or the password (WRONGPASS)`. Never contains a password. */
  readonly says: string
  /** The next step, in the imperative. */
  readonly todo: string
}

/** How messages name a Redis. */
export interface TargetText {
  /** The configured user; null: none. */
  readonly user: string | null
  /** The command line that connects. */
  readonly cli: string
}

interface Row {
  readonly found: RegExp
  /** Must match elsewhere in the text. One pattern for both would take quadratic time. */
  readonly along?: RegExp
  readonly says: string
  readonly todo: string
}

/** `%u` stands for the user, `%0` and `%1` for the match and its first group, `%c` for the command line that connects. */
const rows: readonly Row[] = [
  {
    found: /\b(?:WRONGPASS|NOAUTH)\b/i,
    along: /sentinel/i,
    says: 'a sentinel refuses the password (WRONGPASS or NOAUTH)',
    todo: 'set redis.sentinelPassword (HOTDESK_REDIS_SENTINEL_PASSWORD) as in the sentinels',
  },
  {
    found: /\bWRONGPASS\b|invalid password/i,
    says: 'Redis refuses the user name or the password of %u (WRONGPASS)',
    todo:
      'set redis.username and redis.password as in Redis; a user made with ACL SETUSER vanishes when Redis restarts unless Redis has an ' +
      '`aclfile` and ACL SAVE has been run; try `%c PING`',
  },
  {
    found: /\bNOAUTH\b|AUTH <password> called without/,
    says: 'Redis requires a password, and none is configured for %u (NOAUTH)',
    todo: 'set redis.password (HOTDESK_REDIS_PASSWORD), and redis.username for an ACL user',
  },
  {
    found: /'([\w|.-]+)' command/,
    along: /\bNOPERM\b/,
    says: '%u may not run the Redis command %1 (NOPERM)',
    todo: 'ACL SETUSER %n +%1, then ACL SAVE; src/store/README.md lists what a user needs',
  },
  {
    found: /channel/,
    along: /\bNOPERM\b/,
    says: '%u may not use a channel of this network (NOPERM)',
    todo: "ACL SETUSER %n '&__redis__:invalidate' '&{network}:written', then ACL SAVE; src/store/README.md lists what a user needs",
  },
  {
    found: /key/,
    along: /\bNOPERM\b/,
    says: '%u may not use a key of this network (NOPERM)',
    todo: "ACL SETUSER %n '~{network}' '~{network}:*', then ACL SAVE; src/store/README.md lists what a user needs",
  },
  {
    found: /\bNOPERM\b/,
    says: '%u lacks a right in Redis (NOPERM)',
    todo: 'see ACL LOG in Redis, which names it; src/store/README.md lists what a user needs',
  },
  {
    found: /DB index is out of range|invalid DB index|SELECT is not allowed/i,
    says: 'Redis does not have the database number that `redis` names',
    todo: 'name a database that exists, or none: redis://host:port',
  },
  {
    found: /max number of clients/i,
    says: 'Redis has reached its limit of clients (max number of clients)',
    todo: 'raise `maxclients` in Redis, or close clients that are not needed (CLIENT LIST)',
  },
  {
    found: /\bDENIED\b|protected mode/i,
    says: 'Redis is in protected mode and accepts only clients of its own machine (DENIED)',
    todo: 'create users with passwords in Redis, and set redis.username and redis.password',
  },
  { found: /\bLOADING\b/, says: 'Redis is loading its data (LOADING)', todo: 'wait until it is done; its log shows the progress' },
  {
    found: /\bMISCONF\b/,
    says: 'Redis accepts no writes because it cannot save its data (MISCONF)',
    todo: 'see the log of Redis; usually the disk is full or not writable',
  },
  { found: /\bOOM\b/, says: 'Redis is full (OOM)', todo: 'raise `maxmemory` in Redis' },
  {
    found: /\bREADONLY\b|this server is a replica/,
    says: 'this Redis is a replica, which accepts no writes (READONLY)',
    todo: 'set `redis` to the primary, or to its sentinels',
  },
  {
    found: /\bMASTERDOWN\b|\bNOREPLICAS\b|\bCLUSTERDOWN\b/,
    says: 'Redis does not serve: a part of it is down (%0)',
    todo: 'see INFO replication or CLUSTER INFO in Redis',
  },
  {
    found: /\bBUSY\b/,
    says: 'Redis is busy with a script (BUSY)',
    todo: 'see its log; FUNCTION KILL or SCRIPT KILL ends the script',
  },
  {
    found: /ENOTFOUND|EAI_AGAIN|getaddrinfo/,
    says: 'the host name of Redis cannot be resolved (%0)',
    todo: 'correct the name in `redis`, or the DNS settings of this machine',
  },
  {
    found: /ECONNREFUSED/,
    says: 'nothing listens at the address of Redis: the connection is refused (ECONNREFUSED)',
    todo: 'start Redis, or correct `redis`',
  },
  {
    found: /EHOSTUNREACH|ENETUNREACH/,
    says: 'there is no route to the machine of Redis (%0)',
    todo: 'check its address in `redis`, and the network of this machine',
  },
  { found: /connect ENOENT/, says: 'the socket of Redis does not exist (ENOENT)', todo: 'start Redis, or correct the path in `redis`' },
  {
    found: /connect EACCES/,
    says: 'this user may not open the socket of Redis (EACCES)',
    todo: 'add the user that runs hotdesk to the group of the socket (`unixsocketperm` in redis.conf)',
  },
  {
    found: /WRONG_VERSION_NUMBER|wrong version number|packet length too long/i,
    says: 'what answers does not speak TLS',
    todo: 'set redis:// without TLS (`redis.tls: no`), or the TLS port of Redis',
  },
  {
    found: /ALTNAME|does not match certificate/i,
    says: 'the TLS certificate of Redis is for another name',
    todo: 'use the name of the certificate in `redis`, or give Redis a certificate for this name',
  },
  {
    found: /CERT_HAS_EXPIRED|certificate has expired|CERT_NOT_YET_VALID|not yet valid/i,
    says: 'the TLS certificate of Redis is not valid today',
    todo: 'renew it, or set the clock of this machine',
  },
  {
    found: /self.signed|UNABLE_TO_(?:VERIFY|GET)|unable to (?:verify|get)|DEPTH_ZERO/i,
    says: 'the TLS certificate of Redis is signed by an authority that this node does not trust',
    todo: 'set redis.ca to a PEM file with that authority',
  },
  {
    found: /certificate required|handshake failure|bad certificate|\bSSL\b|\bTLS\b|EPROTO/i,
    says: 'the TLS handshake with Redis fails (%0)',
    todo: 'compare its `tls-port` and `tls-auth-clients` with `redis`',
  },
  {
    found: /ETIMEDOUT|timed out|no answer/i,
    says: 'Redis does not answer in time',
    todo: 'check whether its process is running, stopped or busy (SLOWLOG GET), and whether a firewall is in between',
  },
  {
    found: /ECONNRESET|EPIPE|closed|hang up/i,
    says: 'Redis closed the connection',
    todo: 'see whether Redis is running, and its log; if its port has always expected TLS, set rediss:// (`redis.tls: yes`)',
  },
]

/** Classifies an error. The words never contain a password, nor the arguments of a command that Redis quotes. */
export function troubleOf(fault: unknown, { user, cli }: Partial<TargetText> = {}): Trouble {
  const text = textOf(fault)
  const row = rows.find(({ found, along }) => found.test(text) && (along?.test(text) ?? true))
  if (!row) return { says: text === '' ? 'Redis does not answer' : text, todo: `see its log, and try \`${cli ?? 'redis-cli'} PING\`` }
  const [whole = '', group = ''] = row.found.exec(text) ?? []
  const words: Readonly<Record<string, string>> = {
    '%0': whole,
    '%1': group,
    '%u': user ? `the user ${user}` : 'this user',
    '%n': user ?? 'default',
    '%c': cli ?? 'redis-cli',
  }
  const fill = (form: string): string => form.replace(/%[01unc]/g, (sign) => words[sign] ?? '')
  return { says: fill(row.says), todo: fill(row.todo) }
}

/** Redis quotes the arguments of an unknown command; for AUTH, that is a password. */
function textOf(fault: unknown): string {
  const code = fault instanceof Error && 'code' in fault ? String(fault.code) : ''
  const message = messageOf(fault).replace(/,? with args beginning with:[\s\S]*/, '')
  return message.includes(code) ? message : `${message} (${code})`
}

/** `says; todo`. */
export function troubleLine({ says, todo }: Trouble): string {
  return `${says}; ${todo}`
}
