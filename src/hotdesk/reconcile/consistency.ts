import type { Replica } from '../../store/store.js'

/** A field of `users` or `devices` that has no counterpart in the other hash. */
export type Mismatch = readonly [key: 'users' | 'devices', field: string]

/** The mismatches between `users` and `devices`, updated with each change, so that a large network is searched only once. */
export interface ConsistencyCheck {
  mismatches(): readonly Mismatch[]
  close(): void
}

const empty: ReadonlyMap<string, string> = new Map()

export function createConsistencyCheck(replica: Replica): ConsistencyCheck {
  const found = new Map<string, Mismatch>()
  /** The hashes before the current change. */
  const before = { users: new Map(replica.hash('users')), devices: new Map(replica.hash('devices')) }
  const users = (): ReadonlyMap<string, string> => replica.hash('users') ?? empty
  const devices = (): ReadonlyMap<string, string> => replica.hash('devices') ?? empty

  function judge(candidate: Mismatch, isMismatch: () => boolean): void {
    const name = candidate.join(' ')
    if (isMismatch()) found.set(name, candidate)
    else found.delete(name)
  }

  function judgeUser(extension: string): void {
    judge(['users', extension], () => {
      const listed = listOf(users().get(extension))
      return new Set(listed).size < listed.length || listed.some((device) => devices().get(device) !== extension)
    })
  }

  function judgeDevice(device: string): void {
    judge(['devices', device], () => {
      const extension = devices().get(device)
      return extension !== undefined && !listOf(users().get(extension)).includes(device)
    })
  }

  function followUser(extension: string): void {
    const list = users().get(extension)
    judgeUser(extension)
    for (const device of [...listOf(before.users.get(extension)), ...listOf(list)]) judgeDevice(device)
    if (list === undefined) before.users.delete(extension)
    else before.users.set(extension, list)
  }

  function followDevice(device: string): void {
    const extension = devices().get(device)
    judgeDevice(device)
    for (const each of [before.devices.get(device), extension]) if (each !== undefined) judgeUser(each)
    if (extension === undefined) before.devices.delete(device)
    else before.devices.set(device, extension)
  }

  for (const extension of users().keys()) judgeUser(extension)
  for (const device of devices().keys()) judgeDevice(device)
  const stop = replica.onChange((key, fields) => {
    if (key === 'users') for (const extension of fields) followUser(extension)
    else if (key === 'devices') for (const device of fields) followDevice(device)
  })

  return { mismatches: () => [...found.values()], close: stop }
}

function listOf(text: string | undefined): readonly string[] {
  return text === undefined ? [] : text.split(/\s+/)
}
