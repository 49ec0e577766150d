import { Presets, SingleBar } from 'cli-progress'

/** A progress bar for long work at a terminal; silent elsewhere. */
export interface Progress {
  /** Begins work with this many steps. */
  begin(what: string, steps: number): void
  reached(step: number): void
  end(): void
}

/** Work with fewer steps is over before the bar can be read. */
const fewestSteps = 100

export function createProgress(stream: NodeJS.WriteStream = process.stderr): Progress {
  let bar: SingleBar | null = null
  return {
    begin(what, steps) {
      if (!stream.isTTY || steps < fewestSteps) return
      bar = new SingleBar(
        { stream, format: `${what} {bar} {percentage}% of {total}, {eta_formatted} left`, hideCursor: true, clearOnComplete: true },
        Presets.shades_classic,
      )
      bar.start(steps, 0)
    },
    reached: (step) => bar?.update(step),
    end() {
      bar?.stop()
      bar = null
    },
  }
}
