// Exits with 0 while the node of this container is alive. The address is `http.listen` of its configuration.
import { printHostPort } from '../dist/base/host-port.js'
import { localTarget } from '../dist/base/ip-address.js'
import { loadConfig } from '../dist/config/config.js'

const { address, port } = loadConfig({ purpose: 'look' }).http
const response = await fetch(`http://${printHostPort(localTarget(address), port)}/healthz`, { signal: AbortSignal.timeout(5_000) })
process.exitCode = response.ok ? 0 : 1
