export interface Instruction {
  readonly name: string
  readonly words: readonly string[]
}

export interface Stage {
  readonly name: string
  readonly from: string
  readonly instructions: readonly Instruction[]
}

/** The stages of a Dockerfile, without comments, each instruction on one line. */
export function readDockerfile(text: string): Stage[] {
  const lines = text
    .split('\n')
    .filter((line) => !line.startsWith('#'))
    .join('\n')
    .replaceAll(/\\\n/g, ' ')
    .split('\n')
  const stages: { name: string; from: string; instructions: Instruction[] }[] = []
  for (const [name = '', ...words] of lines.map((line) => line.trim().split(/\s+/))) {
    if (name === 'FROM') stages.push({ from: words[0] ?? '', name: words[2] ?? '', instructions: [] })
    else if (name !== '') stages.at(-1)?.instructions.push({ name, words })
  }
  return stages
}

export interface Copy {
  /** Another stage; null: the build context. */
  readonly from: string | null
  readonly sources: readonly string[]
  /** Absolute, in the image. */
  readonly target: string
}

/** What a stage copies, with relative targets beneath its WORKDIR. */
export function copiesOf({ instructions }: Stage): Copy[] {
  const copies: Copy[] = []
  let folder = '/'
  for (const { name, words } of instructions) {
    if (name === 'WORKDIR') folder = words[0] ?? ''
    if (name !== 'COPY') continue
    const places = words.filter((word) => !word.startsWith('--'))
    const target = places.at(-1) ?? ''
    copies.push({
      from: words.find((word) => word.startsWith('--from='))?.slice('--from='.length) ?? null,
      sources: places.slice(0, -1),
      target: target.startsWith('/') ? target : `${folder}/${target}`,
    })
  }
  return copies
}
