import { expect, it } from 'vitest'
import { watchRefreshTriggers } from '../../../src/phones/refresh-triggers.js'
import { createReplica } from '../../../src/store/copy/replica.js'
import { createManualClock } from '../../support/process/manual-clock.js'

type Hashes = Record<string, Record<string, string>>

function watch(hashes: Hashes) {
  const replica = createReplica({
    clock: createManualClock(),
    onFault: (fault) => {
      throw fault
    },
  })
  const put = (changed: Hashes): void => replica.put(Object.entries(changed).map(([key, fields]) => [key, new Map(Object.entries(fields))]))
  put(hashes)
  const wanted: string[] = []
  watchRefreshTriggers({
    store: { replica },
    wanted: (device) => wanted.push(device),
    askedByHand: (device) => wanted.push(`${device} by hand`),
    quietOver: () => undefined,
  })
  return { put, wanted }
}

it('a phone is refreshed for each new epoch of its record, and for no other change of it', () => {
  const { put, wanted } = watch({ 'device:HD0001': { epoch: '4' } })
  put({ 'device:HD0001': { epoch: '4', refresh: 'sent' }, devices: { HD0001: '100' } })
  expect(wanted).toEqual([])
  put({ 'device:HD0001': { epoch: '5', refresh: 'pending' } })
  put({ 'device:HD0002': { epoch: '1' } })
  put({ 'device:HD0002': {} })
  expect(wanted).toEqual(['HD0001', 'HD0002'])
})

it('a phone whose refresh was pending when the node started is refreshed, once', () => {
  const { put, wanted } = watch({ 'device:HD0001': { epoch: '4', refresh: 'pending' } })
  put({ 'device:HD0001': { epoch: '4', refresh: 'pending', model: 'T46U' } })
  expect(wanted).toEqual(['HD0001'])
})

it('a refresh that is set to pending under the same epoch is asked for by hand', () => {
  const { put, wanted } = watch({ 'device:HD0001': { epoch: '4', refresh: 'fetched' } })
  put({ 'device:HD0001': { epoch: '4', refresh: 'pending' } })
  expect(wanted).toEqual(['HD0001 by hand'])
})
