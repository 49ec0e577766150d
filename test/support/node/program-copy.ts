import { cp, mkdtemp, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { removeFolder } from '../process/remove-folder.js'

/** The built program with what it brings along, in a folder of its own where a test may take things away. */
export interface ProgramCopy {
  readonly folder: string
  /** For `NodeParts.program`. */
  readonly program: string
  close(): Promise<void>
}

const root = resolve(import.meta.dirname, '../../..')

export async function copyProgram(): Promise<ProgramCopy> {
  const folder = await mkdtemp(join(tmpdir(), 'hotdesk-copy-'))
  for (const part of ['dist', 'prompts', 'dialplans', 'package.json']) await cp(join(root, part), join(folder, part), { recursive: true })
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'))
  return { folder, program: join(folder, 'dist/main.js'), close: () => removeFolder(folder) }
}
