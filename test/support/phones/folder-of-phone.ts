import type { DeviceId } from '../../../src/base/identity.js'
import { Secret } from '../../../src/base/secret.js'
import { createPhoneTokens, newSalt } from '../../../src/directory/directory.js'
import { networkSecret, type TestNode } from '../node/node.js'
import type { TestOffice } from '../node/office.js'

/** Gives a phone a token. Answers the URL of its folder at that node, which ends with `/`. */
export async function folderOfPhone(device: string, { http }: Pick<TestNode, 'http'>, office: TestOffice): Promise<string> {
  const salt = newSalt()
  await office.redis.cli('HSET', `{hd}:phone:${device}`, 'salt', salt)
  await office.follows(`phone:${device}`, (record) => record?.get('salt') === salt)
  const token = createPhoneTokens(new Secret(networkSecret), 'hd').print({ device: device as DeviceId, scope: 'phone' }, salt)
  return `${http}/p/${token.reveal()}/`
}
