import type { ErrorEntry } from './template.js'

/** Why a command was not carried out, apart from Redis and files. */
export const commandErrors = {
  UNKNOWN_CALLER: {
    meaning: '`hotdesk why --from` does not name a possible caller.',
    todo: 'name a phone, the extension of a logged-in user, or a trunk',
    messages: {
      neither: '--from is neither a phone nor a trunk of {site}',
      noUser: { says: 'there is no user {extension}', todo: '`hotdesk user list` shows all' },
      loggedOut: { says: '{extension} is not logged in, so cannot call', todo: 'name a phone instead' },
    },
  },
  COMMAND_REFUSED: {
    meaning: 'The command was not carried out; the message has the reason.',
    todo: 'see `hotdesk <command> --help`',
    messages: {
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
