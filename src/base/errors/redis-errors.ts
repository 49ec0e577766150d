import type { ErrorEntry } from './template.js'

const installRemedy = 'run `hotdesk redis install` with a Redis user that may load functions'

export const redisErrors = {
  REDIS_SERVER_MISSING: {
    meaning: '`redis: embedded` needs redis-server on the PATH.',
    todo: 'install it, or set `redis` to a server',
    messages: {
      notFound: {
        says: 'redis-server is not on PATH',
        todo: 'install it (Debian, Ubuntu: apt-get install redis-server) or set `redis:` to the URL of a running Redis',
      },
    },
  },
  STORE_UNAVAILABLE: {
    meaning: 'Redis does not answer. Calls go on; logins hear "please try later".',
    todo: 'run `hotdesk doctor`; src/store/README.md describes Redis in production',
    messages: {
      notConnected: 'Redis is not connected',
      unreachable: { says: '{says}', todo: '{todo}' },
      noDrain: {
        says: '{reason}',
        todo: 'run `hotdesk drain` without --stay on the machine of the node, as its user: it then signals the process (SIGUSR2), unless the node is of an earlier version',
      },
      noUndrain: { says: '{reason}', todo: '{todo}; without Redis, only a restart makes a draining node take calls again' },
      notServing: 'Redis does not serve: {reason}',
      notServingUntil: { says: 'Redis does not serve: {reason}', todo: '{todo}' },
      noReload: '{reason}',
      tooLate: 'Redis received the command too late, and did nothing',
      lostRecords: '{loss}',
      olderNodes: {
        says: 'Redis holds version {found} of the function library "{name}", and older nodes use it ({nodes}); this node waits until they have ended',
        todo: 'update or stop the older nodes',
      },
      notStarting: { says: 'redis-server does not start', todo: 'its reason is in {log}' },
    },
  },
  STORE_PROTOCOL: {
    meaning: 'Unexpected reply of Redis: a key of the wrong type, or a function of another version.',
    todo: 'run `hotdesk doctor`, which names each such key and the version of the functions',
    messages: {
      reply: { says: 'unexpected answer "{reply}"', todo: 'does the library in Redis belong to this program?' },
      replyAbout: { says: '{what}: unexpected answer "{reply}"', todo: 'does the library in Redis belong to this program?' },
      wrongType: '{misfit}',
      notHash: { says: '{key} in Redis is not a hash', todo: 'look at it, then delete or rename it' },
      otherType: { says: '{key} in Redis is a {type} and not a hash', todo: 'look at it, then delete or rename it' },
      notStream: { says: '{key} is not a stream', todo: 'look at it, and delete or rename it' },
      refused: 'Redis refused a command: {reason}',
    },
  },
  RECORDS_UNREADABLE: {
    meaning: 'Keys that the command reads have the wrong type in Redis, so its answer would be wrong.',
    todo: 'look at each key, then rename or delete it',
    messages: { wrongTypes: '{misfits}' },
  },
  STORE_TOO_OLD: {
    meaning: 'This Redis has no functions.',
    todo: 'use Redis 7.0 or later',
    messages: { noFunctions: { says: 'Redis {version} has no functions', todo: 'version 7 or later is needed' } },
  },
  STORE_NEWER: {
    meaning: 'Redis holds newer functions.',
    todo: 'update this node',
    messages: {
      newer: { says: 'Redis holds version {found} of the function library "{name}", this program has {version}', todo: 'update this node' },
    },
  },
  STORE_FUNCTIONS: {
    meaning: 'The functions in Redis are missing, older or changed.',
    todo: installRemedy,
    messages: {
      missing: { says: 'Redis does not hold the function library "{name}"', todo: installRemedy },
      notAllowed: { says: 'this Redis user may not load the function library "{name}"', todo: installRemedy },
      older: { says: 'Redis holds version {found} of the function library "{name}", this program has {version}', todo: installRemedy },
      changed: {
        says: 'Redis holds version {version} of the function library "{name}" with other content ({theirs}) than this program ({ours}): one of the two is a changed copy of hotdesk',
        todo: 'run the same release everywhere, or replace the one in Redis: `hotdesk redis install --force`',
      },
    },
  },
  SEAL_BROKEN: {
    meaning: 'A phone’s password was sealed with another `secret`, or for another phone or network.',
    todo: 'give the phone a new password: `hotdesk device password`',
    messages: {
      notSealed: { says: 'a device credential is not in sealed form', todo: 'give the phone a new one: hotdesk device password' },
      otherSecret: { says: '{sealedElsewhere}, or for another device', todo: '`hotdesk doctor` tells which' },
    },
  },
  SECRET_DIFFERS: {
    meaning: '`secret` is not the network’s: nothing is sealed, and no node starts with it.',
    todo: 'set `secret` as on the other nodes; `hotdesk redis secret --help` describes how to change it',
    messages: {
      differs: {
        says: '`secret` is not the secret of this network ({how}); nothing was changed',
        todo: 'set it as on the other nodes. To change it on purpose: hotdesk redis secret --help',
      },
    },
  },
} as const satisfies Readonly<Record<string, ErrorEntry>>
