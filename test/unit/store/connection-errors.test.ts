import { describe, expect, test } from 'vitest'
import { Secret } from '../../../src/base/secret.js'
import type { RedisAccess } from '../../../src/config/config.js'
import { redisCliFor, redisTrouble } from '../../../src/store/connections/address-text.js'
import type { ReachableTarget } from '../../../src/store/connections/connection.js'
import { troubleOf } from '../../../src/store/connections/connection-errors.js'
import { permissionFault } from '../../../src/store/library/function-callers.js'

const coded = (code: string, message = code): Error => Object.assign(new Error(message), { code })
const place = { user: 'hotdesk-node', cli: 'redis-cli -h r -p 6379 --user hotdesk-node --askpass' }

describe('errors of Redis connections are distinguished', () => {
  const cases: readonly [fault: Error, says: RegExp, todo: RegExp][] = [
    [
      new Error('WRONGPASS invalid username-password pair or user is disabled.'),
      /password of the user hotdesk-node \(WRONGPASS\)/,
      /aclfile.*ACL SAVE.*--user hotdesk-node --askpass PING/,
    ],
    [new Error('NOAUTH Authentication required.'), /requires a password.*NOAUTH/, /HOTDESK_REDIS_PASSWORD/],
    [
      new Error("NOPERM this user has no permissions to run the 'client|tracking' command"),
      /hotdesk-node may not run the Redis command client\|tracking \(NOPERM\)/,
      /ACL SETUSER hotdesk-node \+client\|tracking, then ACL SAVE/,
    ],
    [new Error("NOPERM User hotdesk-node has no permissions to run the 'hset' command"), /may not run the Redis command hset/, /\+hset/],
    [new Error('NOPERM this user has no permissions to access one of the keys used as arguments'), /may not use a key/, /~\{network\}/],
    [
      new Error('NOPERM this user has no permissions to access one of the channels used as arguments'),
      /may not use a channel/,
      /&__redis__:invalidate/,
    ],
    [coded('ECONNREFUSED', 'connect ECONNREFUSED 127.0.0.1:6379'), /refused \(ECONNREFUSED\)/, /start Redis/],
    [coded('ETIMEDOUT', 'connect ETIMEDOUT'), /does not answer in time/, /firewall/],
    [new Error('Command timed out'), /does not answer in time/, /stopped or busy/],
    [coded('ENOTFOUND', 'getaddrinfo ENOTFOUND redis.example'), /host name of Redis cannot be resolved/, /DNS settings/],
    [coded('EAI_AGAIN', 'getaddrinfo EAI_AGAIN redis.example'), /host name of Redis cannot be resolved/, /DNS settings/],
    [coded('EHOSTUNREACH', 'connect EHOSTUNREACH 192.0.2.1:6379'), /no route/, /network of this machine/],
    [coded('ENOENT', 'connect ENOENT /run/redis.sock'), /socket of Redis does not exist/, /path/],
    [coded('EACCES', 'connect EACCES /run/redis.sock'), /may not open the socket/, /unixsocketperm/],
    [coded('DEPTH_ZERO_SELF_SIGNED_CERT', 'self-signed certificate'), /authority that this node does not trust/, /redis\.ca/],
    [coded('UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'unable to verify the first certificate'), /does not trust/, /redis\.ca/],
    [coded('ERR_TLS_CERT_ALTNAME_INVALID', "Hostname/IP does not match certificate's altnames"), /for another name/, /certificate/],
    [coded('CERT_HAS_EXPIRED', 'certificate has expired'), /not valid today/, /renew/],
    [
      coded('EPROTO', 'write EPROTO 00:error:0A00010B:SSL routines:ssl3_get_record:wrong version number'),
      /does not speak TLS/,
      /redis:\/\//,
    ],
    [new Error('LOADING Redis is loading the dataset in memory'), /loading its data/, /wait/],
    [
      new Error("MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk."),
      /cannot save its data/,
      /disk is full/,
    ],
    [new Error("READONLY You can't write against a read only replica."), /is a replica/, /sentinels/],
    [new Error("OOM command not allowed when used memory > 'maxmemory'."), /full/, /maxmemory/],
    [new Error('ERR DB index is out of range'), /database number/, /redis:\/\/host:port/],
    [new Error('ERR SELECT is not allowed in cluster mode'), /database number/, /none/],
    [new Error('ERR max number of clients reached'), /limit of clients/, /maxclients/],
    [new Error('DENIED Redis is running in protected mode because protected mode is enabled'), /protected mode/, /redis\.username/],
    [new Error('Connection is closed.'), /Redis closed the connection/, /rediss/],
    [
      new Error('no majority of the sentinels (127.0.0.1:26379: NOAUTH Authentication required.)'),
      /a sentinel refuses/,
      /sentinelPassword/,
    ],
    [new Error('something else'), /^something else$/, /redis-cli -h r/],
  ]

  test.each(cases)('%s', (fault, says, todo) => {
    const found = troubleOf(fault, place)
    expect(found.says).toMatch(says)
    expect(found.todo).toMatch(todo)
    expect(`${found.says}${found.todo}`).not.toMatch(/%[01unc]|undefined|null/)
  })

  test('each with its own message', () => {
    const firsts = new Set(cases.map(([fault]) => troubleOf(fault, place).says))
    // A key, a name and a time limit have two faults each, an authority and a database too.
    expect(firsts.size).toBeGreaterThanOrEqual(cases.length - 5)
  })

  test('the arguments of a command that Redis does not know are never repeated', () => {
    const found = troubleOf(new Error("ERR unknown command 'AUTH', with args beginning with: 'hotdesk-node' 'hunter2'"), place)
    expect(found.says).toBe("ERR unknown command 'AUTH'")
  })
})

describe('the way for a person to reach Redis', () => {
  const access = (username: string | null): RedisAccess => ({
    username,
    password: new Secret('hunter2'),
    sentinelPassword: null,
    isEncrypted: false,
    ca: null,
  })
  const url = (text: string, username?: string | null): ReachableTarget => ({
    kind: 'url',
    url: new Secret(text),
    ...(username === undefined ? {} : { access: access(username) }),
  })

  test.each<[string, ReachableTarget, string]>([
    ['a user', url('redis://r:6379', 'hotdesk-node'), 'redis-cli -h r -p 6379 --user hotdesk-node --askpass'],
    ['a user in the URL', url('redis://hotdesk-node:hunter2@r'), 'redis-cli -h r -p 6379 --user hotdesk-node --askpass'],
    ['a password alone', url('redis://:hunter2@r'), 'redis-cli -h r -p 6379 --askpass'],
    ['a password in the wrong place', url('redis://hunter2@r'), 'redis-cli -h r -p 6379'],
    ['a database', url('rediss://r:6380/3'), 'redis-cli -h r -p 6380 -n 3 --tls'],
    ['a socket', url('unix:///run/r.sock', 'u'), 'redis-cli -s /run/r.sock --user u --askpass'],
    [
      'a cluster',
      { kind: 'cluster', servers: [{ host: 'c1', port: 1 }], access: access('u') },
      'redis-cli -c -h c1 -p 1 --user u --askpass',
    ],
    ['an odd user name', url('redis://r', "a'b"), "redis-cli -h r -p 6379 --user 'a'\\''b' --askpass"],
  ])('with %s', (_, where, words) => {
    expect(redisCliFor(where)).toBe(words)
    expect(JSON.stringify(redisTrouble(new Error('WRONGPASS x'), where))).not.toContain('hunter2')
  })
})

test('a permission that a function lacks is named by the line of its source', () => {
  const fault = Object.assign(
    new Error("ERR The user executing the script can't run this command or subcommand script: f, on @user_function:3."),
    {
      name: 'ReplyError',
    },
  )
  const named = permissionFault(fault, "#!lua name=x\nlocal a\nreturn redis.call('HSET', k, a)\n")
  expect(troubleOf(named, place).says).toBe('the user hotdesk-node may not run the Redis command hset (NOPERM)')
})
