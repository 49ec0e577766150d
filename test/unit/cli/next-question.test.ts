import { expect, test } from 'vitest'
import { nextQuestion } from '../../../src/cli/nodes/next-question.js'

const next = (destination: Parameters<typeof nextQuestion>[0]['destination'], from: string | null = null) =>
  nextQuestion({ steps: [], outcome: '', destination, otherwise: [] }, from)

test.each([
  ['a break-out', { kind: 'break-out', site: 'london', digits: '02079460000', nodes: ['london-1'] }, 'hotdesk why 02079460000 --at london'],
  ['a break-out to a code', { kind: 'break-out', site: 'london', digits: '*9', nodes: [] }, "hotdesk why '*9' --at london"],
  ['a menu of sites', { kind: 'break-out-menu', site: null, sites: ['2 london', '3 oslo'], digits: '' }, 'hotdesk why NUMBER --at SITE'],
  ['a menu of one site', { kind: 'break-out-menu', site: null, sites: ['2 london'], digits: '100' }, 'hotdesk why 100 --at london'],
  ['a number that is asked for', { kind: 'break-out-menu', site: 'oslo', sites: [], digits: '' }, 'hotdesk why NUMBER --at oslo'],
  ['an outside call', { kind: 'outside', number: '+33' }, null],
])('After %s the next command is named, if there is one', (_what, destination, command) => {
  expect(next(destination)).toBe(command)
  expect(next(destination, 'HD0001')).toBe(command === null ? null : `${command} --from HD0001`)
})
