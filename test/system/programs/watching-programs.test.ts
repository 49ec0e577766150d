import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { TestNode } from '../../support/node/node.js'
import { openTestOffice, type TestOffice } from '../../support/node/office.js'
import { openBaresipPhone } from '../../support/programs/baresip-phone.js'
import { startLinphone } from '../../support/programs/linphone.js'

/** 100 at HD0001 watches 101, who sits at HD0002. */
describe('the presence of a user (RFC 3856) is shown by', () => {
  let office: TestOffice
  let node: TestNode

  beforeAll(async () => {
    office = await openTestOffice()
    node = await office.node('paris-1')
    await office.phone('HD0002', node)
    await office.seat({ 100: 'HD0001', 101: 'HD0002' })
  }, 60_000)

  afterAll(() => office.close())

  beforeEach(async () => {
    await office.directory.putUser('101', { doNotDisturb: false })
  })

  it('Linphone', async () => {
    const linphone = await startLinphone('HD0001', node, ['101'])
    try {
      await linphone.prints(/Friend .*101.* is Online/)
      await office.directory.putUser('101', { doNotDisturb: true })
      await linphone.prints(/Friend .*101.* is Busy/)
    } finally {
      await linphone.close()
    }
  })

  it('baresip', async () => {
    const phone = await openBaresipPhone('HD0001', node, ['101'])
    const shown = (): Promise<string> => phone.baresip.command('contacts')
    try {
      await phone.register()
      await expect.poll(shown, { timeout: 20_000 }).toMatch(/Online.*101/i)
      await office.directory.putUser('101', { doNotDisturb: true })
      await expect.poll(shown, { timeout: 20_000 }).toMatch(/(Busy|Offline).*101/i)
    } finally {
      await phone.close()
    }
  })
})
