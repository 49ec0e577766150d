import { describe, expect, it } from 'vitest'
import { isRegistered, openRegistrarStage, registered } from '../../support/sip/registrar-of-trunk.js'

const second = 1_000

describe('a node registers', () => {
  it('again at once after its SIP server has restarted', async () => {
    const stage = await registered()
    await stage.reconnected()
    expect(stage.open).toBe(1)
  })

  it('if it is the first living one of its site by name, and leaves the registration to that one', async () => {
    const stage = await registered()
    await stage.alive('paris-1', 'paris-2')
    expect(stage.open).toBe(0)
    await stage.alive('paris-0', 'paris-1')
    const removal = stage.waiting()
    expect([removal.header('Contact').replace(/^.*>/, ''), removal.header('Expires')]).toEqual([';expires=0', '0'])
    await removal.answer(200)
    expect(await isRegistered(stage)).toBeUndefined()
    stage.clock.advance(3_600 * second)
    expect(stage.open).toBe(0)
    await stage.alive('paris-1')
    expect(stage.open).toBe(1)
  })

  it('no longer while it is draining, because another node of the site does', async () => {
    const stage = await registered()
    await stage.alive('paris-1', 'paris-2')
    stage.trunks.withdraw()
    const removal = stage.waiting()
    expect(removal.header('Expires')).toBe('0')
    await removal.answer(200)
    await stage.alive('paris-1 draining', 'paris-2')
    expect(stage.open).toBe(0)
    stage.trunks.resume()
    expect(stage.waiting().header('Expires')).toBe('600')
  })

  it('while it is draining if no other node can: emergency calls, and calls back, may need the registration', async () => {
    const stage = await registered()
    await stage.alive('paris-1', 'paris-2 draining')
    stage.trunks.withdraw()
    expect(stage.open).toBe(0)
    await stage.alive('paris-1 draining', 'paris-2')
    expect(stage.waiting().header('Expires')).toBe('0')
  })

  it('while it is draining if the other node is of an earlier version, which leaves the registration to the first by name', async () => {
    const stage = await registered()
    await stage.alive('paris-1', 'paris-2 earlier')
    stage.trunks.withdraw()
    await stage.alive('paris-1 draining', 'paris-2 earlier')
    expect(stage.open).toBe(0)
    await stage.alive('paris-1 draining', 'paris-2')
    expect(stage.waiting().header('Expires')).toBe('0')
  })

  it('in place of an earlier one by name that is draining', async () => {
    const stage = await registered()
    await stage.alive('paris-0', 'paris-1')
    await stage.waiting().answer(200)
    await stage.alive('paris-0 draining', 'paris-1')
    expect(stage.waiting().header('Expires')).toBe('600')
  })

  it('no longer once it has stopped: it removes its own binding, and waits two seconds at most for the response', async () => {
    const stage = await registered()
    const closed = stage.trunks.close()
    expect(stage.waiting().header('Expires')).toBe('0')
    stage.clock.advance(2 * second)
    await closed
  })

  it('and has nothing to remove when it stops before it was registered', async () => {
    const stage = openRegistrarStage()
    await stage.waiting().answer(403)
    await stage.trunks.close()
    expect([stage.open, stage.clock.pending]).toEqual([0, 1])
  })
})
