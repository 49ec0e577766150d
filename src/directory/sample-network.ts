import type { DeviceId } from '../base/identity.js'
import { Secret } from '../base/secret.js'
import type { Store } from '../store/store.js'
import type { Directory } from './contract.js'

/** The network of a first start without a configuration. Its PINs and passwords are published; never use them elsewhere. */
export const samples = {
  users: [
    { extension: '100', name: 'Alice', pin: '4711', home: 'paris' },
    { extension: '101', name: 'Bob', pin: '5822', home: 'paris' },
    { extension: '102', name: 'Chloé', pin: '6933', home: 'paris' },
  ],
  devices: [
    { id: 'HD0001', password: 'sample-HD0001', site: 'paris', elin: '+33199000001', location: 'Paris, 1st floor, reception' },
    { id: 'HD0002', password: 'sample-HD0002', site: 'paris', elin: '+33199000002', location: 'Paris, 1st floor, desk 2' },
    { id: 'HD0003', password: 'sample-HD0003', site: 'paris', elin: '+33199000003', location: 'Paris, 2nd floor, desk 3' },
    { id: 'HD0004', password: 'sample-HD0004', site: 'paris', elin: '+33199000004', location: 'Paris, 2nd floor, meeting room' },
  ],
} as const

/** Phones that still have their published sample password. */
export function publishedPasswords(directory: Pick<Directory, 'device'>): readonly string[] {
  return samples.devices.flatMap(({ id, password }) => (directory.device(id as DeviceId)?.password?.reveal() === password ? [id] : []))
}

export interface SampleNeeds {
  readonly store: Store
  readonly directory: Directory
  readonly hashPin: (pin: Secret) => Promise<string>
}

/** Fills an empty network only; `present`: there is a user or a phone already. @throws AppError STORE_UNAVAILABLE */
export async function loadSamples({ store, directory, hashPin }: SampleNeeds): Promise<'loaded' | 'present'> {
  for (const prefix of ['user:', 'device:']) {
    if (!store.replica.keysUnder(prefix)[Symbol.iterator]().next().done) return 'present'
  }
  for (const { extension, name, pin, home } of samples.users) {
    await directory.putUser(extension, { name, home, pinHash: await hashPin(new Secret(pin)) })
  }
  for (const { id, password, site, elin, location } of samples.devices) {
    await directory.putDevice(id, { site, hotdesk: true, password: new Secret(password), elin, location })
  }
  return 'loaded'
}
