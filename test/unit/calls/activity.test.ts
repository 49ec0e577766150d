import { expect, test } from 'vitest'
import { parseDeviceId } from '../../../src/base/identity.js'
import { type ActiveCall, createActivity } from '../../../src/calls/activity.js'

const device = parseDeviceId('HD0001')
if (!device) throw new Error('no name of a phone')

test('a phone that is logged out now loses its ordinary calls, and never an emergency call', () => {
  const ended: string[] = []
  const activity = createActivity({ onBegan: () => undefined, onEnded: () => undefined })
  const kinds: readonly ActiveCall['kind'][] = ['ordinary', 'emergency', 'feature']
  for (const kind of kinds) activity.begin({ device, kind, hangUp: (ending) => ended.push(`${kind}: ${ending}`) })
  activity.hangUp(device, 'logged-out')
  expect(ended).toEqual(['ordinary: logged-out'])
})
