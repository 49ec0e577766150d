import type { Applications } from '../core/application.js'
import type { Client } from './client.js'

/** Which client handles which verb. A client that registers twice for a verb counts once. */
export interface Registry extends Applications {
  /** A verb: a method in lower case, or `cdr:attempt`, `cdr:start`, `cdr:stop`. */
  route(client: Client, verb: string): void
  removeRoute(client: Client, verb: string): void
  remove(client: Client): void
  /** The next in turn of the clients for the method that authenticated with this tag; null if there is none. */
  tagged(method: string, tag: string): Client | null
  /** All clients for the verb. */
  wanting(verb: string): readonly Client[]
}

/** `onRoute`: a client has registered for the verb. */
export function createRegistry(onRoute: (verb: string) => void): Registry {
  /** In the order of their turn: a chosen client moves to the end. */
  const routes = new Map<string, Client[]>()

  function without(verb: string, client: Client): void {
    const clients = (routes.get(verb) ?? []).filter((other) => other !== client)
    if (clients.length > 0) routes.set(verb, clients)
    else routes.delete(verb)
  }

  function inTurn(method: string, isEligible: (client: Client) => boolean): Client | null {
    const clients = routes.get(method.toLowerCase()) ?? []
    const at = clients.findIndex(isEligible)
    const [next = null] = at < 0 ? [] : clients.splice(at, 1)
    if (next) clients.push(next)
    return next
  }

  return {
    route(client, verb) {
      const clients = routes.get(verb) ?? []
      if (!clients.includes(client)) routes.set(verb, [...clients, client])
      onRoute(verb)
    },
    removeRoute: (client, verb) => without(verb, client),
    remove(client) {
      for (const verb of routes.keys()) without(verb, client)
    },
    // A client without a connection, which may resume, is chosen only if there is no other.
    choose: (method) => inTurn(method, ({ attached }) => attached) ?? inTurn(method, () => true),
    tagged: (method, tag) => inTurn(method, ({ tags }) => tags.includes(tag)),
    methods: () => [...routes.keys()].filter((verb) => !verb.startsWith('cdr:')).map((verb) => verb.toUpperCase()),
    wanting: (verb) => routes.get(verb) ?? [],
  }
}
