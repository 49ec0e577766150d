import { Counter, Gauge, type Registry } from 'prom-client'

/** Whether Redis holds the functions and the records. */
export function integrityMetrics(registers: [Registry]) {
  return {
    repairsTotal: new Counter({ name: 'hotdesk_repairs_total', help: 'One-sided assignments repaired', registers }),
    libraryLoadsTotal: new Counter({
      name: 'hotdesk_store_library_loads_total',
      help: 'Loads of the function library into Redis by this node',
      registers,
    }),
    libraryMismatch: new Gauge({
      name: 'hotdesk_store_library_mismatch',
      help: "1 while the function library in Redis differs from this node's",
      registers,
    }),
    storeMissingRecords: new Gauge({
      name: 'hotdesk_store_missing_records',
      help: 'Users, phones and logins that Redis has lost; 0 without a loss',
      registers,
    }),
    storeEvicting: new Gauge({
      name: 'hotdesk_store_evicting',
      help: '1 while maxmemory-policy allows Redis to evict keys',
      registers,
    }),
    storeEvictedKeys: new Gauge({
      name: 'hotdesk_store_evicted_keys',
      help: 'Keys that Redis has evicted since its start',
      registers,
    }),
    storeMemoryRatio: new Gauge({
      name: 'hotdesk_store_memory_ratio',
      help: 'Memory of Redis as a share of maxmemory; 0 without a limit',
      registers,
    }),
  }
}
