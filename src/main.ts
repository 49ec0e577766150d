import { pathToFileURL } from 'node:url'
import type { CommandLineNeeds, ExitCode } from './cli/command-line.js'
import { listenEarly } from './cli/early-stop.js'

/** Runs one command line. Throws only unexpected errors. */
export async function main(args: readonly string[], needs: CommandLineNeeds): Promise<ExitCode> {
  listenEarly()
  // Loading the program takes half a second, and a signal may arrive meanwhile.
  const { runCommandLine } = await import('./cli/command-line.js')
  return runCommandLine(args, needs)
}

/** A container image starts this file; `setup.mjs` imports it. */
if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  process.exitCode = await main(process.argv.slice(2), { provide: () => Promise.resolve() })
}
