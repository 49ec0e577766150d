import type { Command } from 'commander'
import type { CommandNeeds } from './needs.js'

/** Adds arguments, options and the action to a command. */
type Definition = (command: Command, needs: CommandNeeds) => void

export interface CommandEntry {
  readonly name: string
  readonly about: string
  /** Loads the file of the command. */
  readonly load: () => Promise<Definition>
}

const assignments = () => import('./operator/assignments.js')

/** Every command, as `hotdesk --help` lists them. */
export const commandGroups: Readonly<Record<string, readonly CommandEntry[]>> = {
  Run: [
    { name: 'start', about: 'run a node until Ctrl-C', load: async () => (await import('./start.js')).startCommand },
    {
      name: 'demo',
      about: 'run a 30-second demonstration: two nodes, two sites, four phones with real SIP and RTP',
      load: async () => (await import('./demo/command.js')).demoCommand,
    },
    {
      name: 'sipd',
      about: 'run only the SIP server until Ctrl-C, for any drachtio application',
      load: async () => (await import('./sipd.js')).sipdCommand,
    },
  ],
  Look: [
    {
      name: 'check',
      about: 'check the configuration, the dial plan and the records in Redis',
      load: async () => (await import('./check.js')).checkCommand,
    },
    {
      name: 'doctor',
      about: 'check everything a node needs; print the next step for each error',
      load: async () => (await import('./doctor/doctor.js')).doctorCommand,
    },
    {
      name: 'status',
      about: 'list every phone: who is logged in, since when, and whether its display is up to date',
      load: async () => (await import('./operator/status.js')).statusCommand,
    },
    {
      name: 'who',
      about: 'show who is logged in at a phone, or where a user is logged in',
      load: async () => (await assignments()).whoCommand,
    },
    {
      name: 'why',
      about: 'explain step by step where a call to a number would go now',
      load: async () => (await import('./nodes/why.js')).whyCommand,
    },
    {
      name: 'locks',
      about: 'list users and phones that are locked after wrong PINs',
      load: async () => (await import('./operator/locks.js')).locksCommand,
    },
    {
      name: 'events',
      about: 'list recent logins, logouts, failures, emergency calls and repairs, newest last',
      load: async () => (await import('./history/events.js')).eventsCommand,
    },
    {
      name: 'history',
      about: 'list the events of a user or a phone, newest last',
      load: async () => (await import('./history/history.js')).historyCommand,
    },
    {
      name: 'fraud',
      about: 'show what rights, limits and profiles have refused, and calls that look like an attack',
      load: async () => (await import('./history/fraud.js')).fraudCommand,
    },
    {
      name: 'calls',
      about: "list a user's calls from every phone, newest last; or the calls in progress",
      load: async () => (await import('./history/call-log.js')).callsCommand,
    },
    {
      name: 'trace',
      about: 'show the SIP messages of a phone, a call or an address as a ladder across all nodes',
      load: async () => (await import('./trace/command.js')).traceCommand,
    },
  ],
  Act: [
    {
      name: 'reload',
      about: 'make running nodes read their dial plan and settings again, without a restart',
      load: async () => (await import('./nodes/reload.js')).reloadCommand,
    },
    { name: 'login', about: 'log a user in at a phone, without a PIN', load: async () => (await assignments()).loginCommand },
    {
      name: 'logout',
      about: 'log out a phone, or a user from every phone; calls in progress end first',
      load: async () => (await assignments()).logoutCommand,
    },
    { name: 'unlock', about: 'clear the failed PIN attempts of a user or a phone', load: async () => (await assignments()).unlockCommand },
    {
      name: 'refresh',
      about: "refresh a phone's display, or those of a user's phones",
      load: async () => (await assignments()).refreshCommand,
    },
    {
      name: 'drain',
      about: 'take no new calls at a node, wait for its calls to end, then end it',
      load: async () => (await import('./running/drain.js')).drainCommand,
    },
    {
      name: 'undrain',
      about: 'let a draining node take calls again',
      load: async () => (await import('./running/drain.js')).undrainCommand,
    },
    {
      name: 'test-call',
      about: 'make a call that speaks an announcement, and show whether it is answered and heard',
      load: async () => (await import('./running/test-call.js')).testCallCommand,
    },
    { name: 'hangup', about: 'end a call in progress', load: async () => (await import('./running/hangup.js')).hangupCommand },
    {
      name: 'replace',
      about: 'move the login and settings of an old phone to a new one',
      load: async () => (await assignments()).replaceCommand,
    },
  ],
  Records: [
    {
      name: 'user',
      about: 'manage users: add, set, show, list, pin, rename, move, rm',
      load: async () => (await import('./records/users.js')).userCommands,
    },
    {
      name: 'device',
      about: 'manage phones: add, set, show, list, password, rm',
      load: async () => (await import('./records/devices.js')).deviceCommands,
    },
    {
      name: 'phone',
      about: 'manage how phones get their configuration: url, revoke, code, enrol, show, list, preview',
      load: async () => (await import('./phones/phone.js')).phoneCommands,
    },
    {
      name: 'site',
      about: 'manage offices: add, set, show, list, rm',
      load: async () => (await import('./records/sites.js')).siteCommands,
    },
    {
      name: 'contact',
      about: 'manage phone books, central and personal: set, rm, list, find, import, export',
      load: async () => (await import('./contacts/contacts.js')).contactCommands,
    },
    {
      name: 'redis',
      about: "manage the network's Redis: install, restore, accept, secret",
      load: async () => (await import('./redis/redis.js')).redisCommands,
    },
  ],
  Files: [
    {
      name: 'import',
      about: 'add and change users, phones and sites from a file, all or nothing',
      load: async () => (await import('./exchange/import.js')).importCommand,
    },
    {
      name: 'export',
      about: 'write users, phones and sites to a file that `hotdesk import` reads; PINs are hashed, passwords sealed',
      load: async () => (await import('./exchange/export.js')).exportCommand,
    },
    {
      name: 'schema',
      about: 'print the JSON Schema of a dial plan or of hotdesk.yaml, for editors',
      load: async () => (await import('./schema.js')).schemaCommand,
    },
    {
      name: 'completion',
      about: 'print a completion script for bash, zsh or fish',
      load: async () => (await import('./completion/completion.js')).completionCommand,
    },
  ],
}

/** Not listed by `hotdesk --help`. */
export const hiddenCommands: readonly CommandEntry[] = [
  {
    name: 'names',
    about: 'print the names of users, devices or sites, for completion',
    load: async () => (await import('./completion/names.js')).namesCommand,
  },
]

export const commandEntries: readonly CommandEntry[] = [...Object.values(commandGroups).flat(), ...hiddenCommands]
