import { chmod, lstat, mkdir, open, readdir } from 'node:fs/promises'
import { join } from 'node:path'

const folderMode = 0o700
const fileMode = 0o600

/** Creates a folder for its owner alone, or restricts an existing one if it belongs to us. */
export async function privateFolder(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: folderMode })
  await setMode(path, folderMode)
}

/** Replaces the content of a file and makes it readable by its owner alone. A pipe or device keeps its mode. */
export async function writePrivateFile(path: string, content: string): Promise<void> {
  const file = await open(path, 'w', fileMode)
  try {
    if ((await file.stat()).isFile()) await file.chmod(fileMode)
    await file.writeFile(content)
  } finally {
    await file.close()
  }
}

export async function appendPrivately(path: string, content: string): Promise<void> {
  const file = await open(path, 'a', fileMode)
  try {
    await file.writeFile(content)
  } finally {
    await file.close()
  }
}

/** Files and folders of a node in `data`. */
const ourNames = /^(calls|redis|starts|network-secret|copy-.*\.jsonl(\.new)?)$/

/**
 * Removes the permissions of other users from files that an earlier version left in `data`. The folder itself is restricted only if it
 * holds nothing else, because it may be shared. Answers the paths that could not be restricted.
 */
export async function tightenData(data: string): Promise<readonly string[]> {
  const names = await readdir(data).catch(() => [])
  const failed = await Promise.all(names.filter((name) => ourNames.test(name)).map((name) => tighten(join(data, name))))
  const isOurs = names.length > 0 && names.every((name) => ourNames.test(name))
  return [...failed.flat(), ...(isOurs ? await setMode(data, folderMode) : [])]
}

/** Skips symbolic links, which lead elsewhere, and sockets. */
async function tighten(path: string): Promise<readonly string[]> {
  const found = await lstat(path).catch(() => null)
  if (found?.isFile()) return setMode(path, fileMode)
  if (!found?.isDirectory()) return []
  const names = await readdir(path).catch(() => [])
  const failed = await Promise.all(names.map((name) => tighten(join(path, name))))
  return [...failed.flat(), ...(await setMode(path, folderMode))]
}

async function setMode(path: string, mode: number): Promise<readonly string[]> {
  return chmod(path, mode).then(
    () => [],
    () => [path],
  )
}
