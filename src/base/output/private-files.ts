import { chmod, lstat, mkdir, open, readdir } from 'node:fs/promises'
import { join } from 'node:path'

const folderMode = 0o700
const fileMode = 0o600

/** Makes a folder that only its owner may enter; one that is there already is tightened, if it is ours. */
export async function privateFolder(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: folderMode })
  await setMode(path, folderMode)
}

/** Replaces the content of a file, and leaves it readable by its owner alone. A pipe or device keeps its mode. */
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

/** What a node keeps in its `data`. */
const ourNames = /^(calls|redis|starts|network-secret|copy-.*\.jsonl(\.new)?)$/

/**
 * Takes all rights of others from what an earlier version left in `data`. The folder itself is tightened only if it holds nothing else:
 * it may be one that others use. Gives what could not be tightened.
 */
export async function tightenData(data: string): Promise<readonly string[]> {
  const names = await readdir(data).catch(() => [])
  const failed = await Promise.all(names.filter((name) => ourNames.test(name)).map((name) => tighten(join(data, name))))
  const isOurs = names.length > 0 && names.every((name) => ourNames.test(name))
  return [...failed.flat(), ...(isOurs ? await setMode(data, folderMode) : [])]
}

/** A symbolic link leads elsewhere, and is left alone, like a socket. */
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
