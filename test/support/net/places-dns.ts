import type { Dns } from '../../../src/sipd/transport/locate/dns-names.js'

/** A DNS in which every name stands for the same places over UDP, each preferred to the next. */
export function dnsOf(ports: () => readonly number[]): Dns {
  return {
    naptr: () => Promise.resolve([]),
    srv: (name) =>
      Promise.resolve(name.startsWith('_sip._udp.') ? ports().map((port, priority) => ({ name: 'a', port, priority, weight: 0 })) : []),
    addresses: () => Promise.resolve(['127.0.0.1']),
  }
}
