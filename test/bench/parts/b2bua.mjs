// The minimal drachtio application: joins two legs. `node b2bua.mjs <admin port> <secret> <destination>`
import Srf from 'drachtio-srf'

const [, , port, secret, destination] = process.argv
const srf = new Srf()
void srf.connect({ host: '127.0.0.1', port: Number(port), secret })
srf.on('connect', (fault) => console.log(fault ? `refused: ${fault.message}` : 'connected'))
srf.on('error', () => process.exit(1))
process.on('SIGTERM', () => process.exit(0))
srf.invite((request, response) => void join(request, response))

async function join(request, response) {
  try {
    const { uas, uac } = await srf.createB2BUA(request, response, destination, { localSdpB: request.body })
    const end = (other) => () => other.connected && other.destroy().catch(() => undefined)
    uas.on('destroy', end(uac))
    uac.on('destroy', end(uas))
    if (!uas.connected) end(uac)()
  } catch {
    // The caller has been told; SIPp counts it.
  }
}
