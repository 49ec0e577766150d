import { pathToFileURL } from 'node:url'
import type { CommandLineNeeds, ExitCode } from './cli/command-line.js'
import { listenEarly } from './cli/early-stop.js'

/** Runs one command line. Throws only what nobody expected. */
export async function main(args: readonly string[], needs: CommandLineNeeds): Promise<ExitCode> {
  listenEarly()
  // Loading the program takes half a second, and a node may be asked to end meanwhile.
  const { runCommandLine } = await import('./cli/command-line.js')
  return runCommandLine(args, needs)
}

/** In an image that has everything, this file is started itself; `setup.mjs` imports it instead. */
if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  process.exitCode = await main(process.argv.slice(2), { provide: () => Promise.resolve() })
}
