import type { ErrorEntry } from './template.js'

/** Why a command was not carried out, apart from Redis and files. */
export const commandErrors = {
  UNKNOWN_CALLER: {
    meaning: '`--from` of `hotdesk why` or `hotdesk test-call` does not name a possible caller.',
    todo: 'name a phone, the extension of a logged-in user, or a trunk',
    messages: {
      noPhone: { says: '{from} is neither a phone nor a user', todo: 'name a phone, or the extension of a logged-in user' },
      neither: '--from is neither a phone nor a trunk of {site}',
      noUser: { says: 'there is no user {extension}', todo: '`hotdesk user list` shows all' },
      loggedOut: { says: '{extension} is not logged in, so cannot call', todo: 'name a phone instead' },
    },
  },
  COMMAND_REFUSED: {
    meaning: 'The command was not carried out; the message has the reason.',
    todo: 'see `hotdesk <command> --help`',
    messages: {
      testEmergency: {
        says: '{number} is an emergency number, and a test call never calls one',
        todo: 'to see where it would go, run `hotdesk why {number}`',
      },
      testCode: { says: 'a test call cannot use a feature code, which acts on the phone that dials it', todo: 'name a number or a phone' },
      testNoPhone: { says: 'there is no phone {device}', todo: '`hotdesk device list` shows all' },
      testQuiet: {
        says: '{device} has made an emergency call, and is kept free for the emergency centre',
        todo: 'try again after `emergency.quietSeconds`',
      },
      testUnregistered: { says: '{device} is not registered', todo: 'run `hotdesk doctor`, or wait until the phone registers' },
      testElsewhere: { says: '{device} is registered at {node}', todo: 'add --at {node}' },
      testDraining: { says: '{node} takes no new calls', todo: 'run `hotdesk undrain`, or name another node with --at' },
      testMany: { says: '{count} test calls are in progress at this node', todo: 'wait until one has ended' },
      testNoPort: { says: 'no RTP port is free', todo: 'raise `media.ports`, or try again later' },
      testAway: { says: 'no node of {site} is up', todo: 'start one, or name another node with --at' },
      replaceItself: { says: 'cannot replace {device} by itself', todo: 'name the old phone, then the new one' },
      otherSite: {
        says: 'nothing was reloaded: the node belongs to {own}, and its configuration now says {site}',
        todo: 'restart the node to move it',
      },
      planElsewhere: {
        says: '{reason}, and the dial plan of {site} is not on this machine',
        todo: 'start a node of {site}, or run this where its dial plan is',
      },
      oneKindInCsv: { says: 'a CSV file holds one kind of record', todo: 'add --only users, --only devices or --only sites' },
      loginsInCsv: { says: 'a CSV file holds no logins', todo: 'omit --with-logins or use --format yaml' },
      notConfirmed: {
        says: 'nothing was imported: --prune would remove {count} ({names}), and {objection}',
        todo: 'check it with --dry-run, then pass --yes',
      },
      notImported: { says: 'nothing was imported: {reason}', todo: 'run `hotdesk doctor`, then import the file again' },
      changedMeanwhile: { says: '{id}: {reasons}', todo: 'the network has changed meanwhile; import the file again' },
      noPassword: { says: 'no password given', todo: 'type it at the prompt, or pass it on standard input' },
      secretOptions: { says: '--change and --adopt cannot be used together', todo: 'pass one of them' },
      shortSecret: { says: 'a secret has at least 16 characters', todo: 'make one with `openssl rand -hex 32`' },
      nodesRunning: {
        says: 'nodes are running ({nodes}) that could no longer open the passwords',
        todo: 'stop them first, or use --now and restart each with the new secret',
      },
      otherSecretInCopy: {
        says: 'this copy was saved when the network had another secret (`secret` opens {opened} of {sealed} phone passwords in it); nothing was written',
        todo: 'restore a copy that was saved with the present secret',
      },
      libraryNotLoaded: { says: 'the function library was not loaded: {reason}', todo: '{todo}' },
    },
  },
} as const satisfies Readonly<Record<string, ErrorEntry>>
