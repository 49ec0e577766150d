// Exits with 0 while the node of this container is alive. The address is `http.listen` of its configuration.
import { loadConfig } from '../dist/config/config.js'

const { address, port } = loadConfig({ purpose: 'look' }).http
const reachable = { '0.0.0.0': '127.0.0.1', '::': '::1' }[address] ?? address
const host = reachable.includes(':') ? `[${reachable}]` : reachable
const answer = await fetch(`http://${host}:${port}/healthz`, { signal: AbortSignal.timeout(5_000) })
process.exitCode = answer.ok ? 0 : 1
