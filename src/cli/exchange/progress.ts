import { Presets, SingleBar } from 'cli-progress'

/** How far a long piece of work is, at a terminal; silent elsewhere, and for what is done at once. */
export interface Progress {
  /** Begins a piece of work of so many steps. */
  begin(what: string, steps: number): void
  reached(step: number): void
  /** The piece of work is done. */
  end(): void
}

/** Work of fewer steps is over before anybody has read the bar. */
const worthTelling = 100

export function createProgress(stream: NodeJS.WriteStream = process.stderr): Progress {
  let bar: SingleBar | null = null
  return {
    begin(what, steps) {
      if (!stream.isTTY || steps < worthTelling) return
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
