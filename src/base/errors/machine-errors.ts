import type { ErrorEntry } from './template.js'

/** What the node needs of its machine and of its network: ports, a data folder, a name. */
export const machineErrors = {
  PORT_IN_USE: {
    meaning: 'Another program uses the port.',
    todo: 'stop that program, or set another port',
    messages: {
      sip: { says: '{place}: port {port} is in use', todo: 'set another port (sip.listen, --listen), or move the program that has it' },
      http: { says: 'TCP port {place} is in use', todo: 'set another one at http.listen, or move the program that has it' },
      admin: { says: "the admin wire's port {place} is in use", todo: 'pass another one (--admin), or move the program that has it' },
      held: { says: '{inUse} by {holders}', todo: '{todo}' },
    },
  },
  ADDRESS_UNAVAILABLE: {
    meaning: 'The address does not belong to this machine, or the port needs privileges.',
    todo: 'set an address of this machine, and a port above 1023',
    messages: {
      sip: '{place}: this machine has no address {address} ({reason})',
      sipPrivilege: { says: '{place}: this user may not open port {port}', todo: 'choose one above 1023' },
      http: 'cannot listen on {place} (http.listen): {reason}',
      admin: 'the admin wire cannot listen on {place}: {reason}',
      adminUnbound: 'the admin wire has no address',
    },
  },
  NODE_NAME_TAKEN: {
    meaning: 'Another live process has this node’s name. Names are unique in a network.',
    todo: 'set `node` to a unique name, or stop the other process',
    messages: {
      running: { says: 'a node named "{node}" is running already (process {process})', todo: 'each node needs a name of its own' },
      taken: 'another process has taken the node name "{node}"',
      own: {
        says: 'the node {node} of this configuration is already running (process {process}); nothing was started',
        todo: 'check it with `hotdesk doctor`',
      },
    },
  },
  NODE_NOT_RUNNING: {
    meaning: 'The command needs the embedded Redis of a running node.',
    todo: 'start the node with `hotdesk start`, or pass the --config of the running node',
    messages: { noSocket: 'no node is running with its data in {data}' },
  },
  NODE_SILENT: {
    meaning: 'A node was asked and did not answer, or could not.',
    todo: 'see whether it runs with `hotdesk doctor`, and read its log',
    messages: {
      silent: {
        says: '{node} did not answer within {seconds} s',
        todo: 'see its log; a node of an earlier version answers no requests',
      },
      older: {
        says: '{node} does not understand the request "{kind}"',
        todo: 'update hotdesk on that node, or use the hotdesk of its version',
      },
      failed: { says: 'the node could not carry out the request: {reason}', todo: 'see its log' },
      away: { says: 'no node {node} is up', todo: 'start it with `hotdesk start`, or list the nodes with `hotdesk site show <site>`' },
      earlier: { says: '{node} runs hotdesk {version}, which answers no requests', todo: 'update hotdesk on that node' },
      notYours: {
        says: 'this user may not signal {node} (process {process})',
        todo: 'run the command as root, or as the user of the node',
      },
      noneAt: { says: 'no node of {site} is up', todo: 'start one, or name another site' },
    },
  },
  DATA_IN_USE: {
    meaning: 'Another running node uses this `data` folder.',
    todo: 'give each node a `data` folder of its own',
    messages: {
      otherNode: { says: 'another running node uses {path}', todo: 'give each node a `data` directory of its own' },
      redisStays: { says: 'a redis-server that uses {directory} does not end', todo: 'end it by hand' },
    },
  },
  FILE_UNUSABLE: {
    meaning: 'A file that the command names cannot be read or written.',
    todo: 'check its path and permissions',
    messages: {
      unwritable: '{file} cannot be written: {reason}',
      unreadable: '{file} cannot be read: {reason}',
      unusableCopy: { says: '{file} cannot be used: {reason}', todo: 'name a copy that a node saved, such as data/copy-hd.jsonl' },
      issuedUnwritable: 'the new PINs and passwords cannot be written to {file}: {reason}',
    },
  },
} as const satisfies Readonly<Record<string, ErrorEntry>>
