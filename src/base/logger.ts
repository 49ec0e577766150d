import pino from 'pino'
import type { NodeName, SiteName } from './identity.js'
import { doublyEscaped, printableJson } from './output/printable.js'

export type Logger = pino.Logger

export const levels = ['trace', 'debug', 'info', 'warn', 'error', 'silent'] as const
export type Level = (typeof levels)[number]

/** `pretty` is for a terminal, `json` for programs that read logs. */
export interface LoggerNeeds {
  readonly level: Level
  readonly form: 'json' | 'pretty'
  /** Absent for commands that are not a node. */
  readonly node?: NodeName
  readonly site?: SiteName
}

// The type Secret keeps secrets out of logs. This is a second safeguard; pino's wildcards do not recurse.
const redacted = ['pin', 'password', 'secret', 'credential', '*.pin', '*.password', '*.secret', '*.credential', '*.authorization']

/** The root logger of a node. Parts take `log.child({ part: 'calls' })`; each line carries `event`, a name from `base/events.ts`. */
export function createLogger({ level, form, node, site }: LoggerNeeds): Logger {
  const options: pino.LoggerOptions = {
    level,
    base: { node, site },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    redact: { paths: redacted, censor: '[secret]' },
    hooks: { streamWrite: printableJson },
  }
  if (form === 'json') return pino(options)
  const transport = pino.transport<Record<string, unknown>>({
    target: 'pino-pretty',
    options: { ignore: 'pid,hostname,node,site,part,event', translateTime: 'SYS:HH:MM:ss', singleLine: true, sync: true },
  })
  // pino forbids level formatters beside a transport thread.
  const hooks = { streamWrite: doublyEscaped }
  return pino({ level, base: { node, site }, redact: { paths: redacted, censor: '[secret]' }, hooks }, transport)
}

/** For a part in another thread: `relay` gets each line as JSON without time, to be written by the logger of the main thread. */
export function createRelayedLogger(level: Level, relay: (line: string) => void): Logger {
  const formatters = { level: (label: string) => ({ level: label }) }
  return pino({ level, base: null, timestamp: false, formatters, redact: { paths: redacted, censor: '[secret]' } }, { write: relay })
}

/** For parts that are used without a node, such as a stand-alone SIP server in a test. */
export function silentLogger(): Logger {
  return pino({ level: 'silent' })
}
