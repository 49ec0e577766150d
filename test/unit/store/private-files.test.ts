import { execFile } from 'node:child_process'
import { chmod, mkdir, mkdtemp, readFile, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { appendPrivately, privateFolder, tightenData, writePrivateFile } from '../../../src/base/output/private-files.js'
import { removeFolder } from '../../support/process/remove-folder.js'

let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hotdesk-private-'))
})
afterEach(() => removeFolder(folder))

const modeOf = async (...names: readonly string[]) => ((await stat(join(folder, ...names))).mode & 0o777).toString(8)

async function make(name: string, mode: number): Promise<void> {
  await writeFile(join(folder, name), name)
  await chmod(join(folder, name), mode)
}

test('files and folders in `data` that an earlier version left open to others are tightened', async () => {
  await chmod(folder, 0o755)
  await mkdir(join(folder, 'redis/appendonlydir'), { recursive: true })
  await mkdir(join(folder, 'calls'))
  const files = ['calls/2026-03-29.jsonl', 'redis/appendonlydir/base.rdb', 'network-secret', 'copy-hd.jsonl', 'copy-hd.emptied.jsonl']
  for (const file of files) await make(file, 0o644)
  expect(await tightenData(folder)).toEqual([])
  for (const name of ['.', 'calls', 'redis', 'redis/appendonlydir']) expect([name, await modeOf(name)]).toEqual([name, '700'])
  for (const name of files) expect([name, await modeOf(name)]).toEqual([name, '600'])
})

test('files of others, the folder that they share with hotdesk, and the target of a link stay as they are', async () => {
  await chmod(folder, 0o755)
  await mkdir(join(folder, 'calls'))
  await make('elsewhere', 0o644)
  await symlink(join(folder, 'elsewhere'), join(folder, 'calls/2026-03-29.jsonl'))
  expect(await tightenData(folder)).toEqual([])
  expect([await modeOf(), await modeOf('calls'), await modeOf('elsewhere')]).toEqual(['755', '700', '644'])
})

test('a folder that does not exist yet has nothing to tighten', async () => {
  expect(await tightenData(join(folder, 'nothing'))).toEqual([])
})

test('a folder and the files in it are made for their owner alone, whatever the umask', async () => {
  const script = `
    process.umask(0)
    const { privateFolder, appendPrivately } = await import(${JSON.stringify(new URL('../../../dist/base/output/private-files.js', import.meta.url).href)})
    await privateFolder('calls')
    await appendPrivately('calls/day.jsonl', 'line')`
  await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], { cwd: folder })
  expect([await modeOf('calls'), await modeOf('calls/day.jsonl')]).toEqual(['700', '600'])
})

test('a file that is replaced, or a folder that is used again, loses the permissions of others', async () => {
  await make('export.yaml', 0o644)
  await writePrivateFile(join(folder, 'export.yaml'), 'secret')
  expect([await modeOf('export.yaml'), await readFile(join(folder, 'export.yaml'), 'utf8')]).toEqual(['600', 'secret'])
  await mkdir(join(folder, 'calls'), { mode: 0o755 })
  await privateFolder(join(folder, 'calls'))
  await appendPrivately(join(folder, 'calls/day'), 'a')
  await appendPrivately(join(folder, 'calls/day'), 'b')
  expect([await modeOf('calls'), await readFile(join(folder, 'calls/day'), 'utf8')]).toEqual(['700', 'ab'])
})
