import { expect, test } from 'vitest'
import { createLiveSettings } from '../../../src/app/live-settings.js'
import { createReload, type ReloadNeeds } from '../../../src/app/reload.js'
import type { NodeName } from '../../../src/base/identity.js'
import { type Level, silentLogger } from '../../../src/base/logger.js'
import { type Config, parseConfig } from '../../../src/config/config.js'
import { createLivePlan, loadDialplan } from '../../../src/dialplan/dialplan.js'
import { samplePlanText } from '../../support/node/sample-plan.js'

function configOf(changes: Readonly<Record<string, unknown>>): Config {
  const base = {
    node: 'paris-1',
    site: 'paris',
    secret: 'a secret of the tests',
    sip: { domain: 'hotdesk.test' },
    redis: 'redis://127.0.0.1',
  }
  const text = JSON.stringify({ ...base, ...changes })
  return parseConfig({ text, file: '/etc/hotdesk/hotdesk.yaml', env: {}, cwd: '/', purpose: 'look' })
}

const planOf = (text: string) => loadDialplan({ text, file: 'paris.yaml', log: silentLogger() })

/** A node whose files have changed in every way that a reload takes over. */
function open(failing: 'prompts' | 'log level' | 'nothing') {
  const plan = createLivePlan(planOf(samplePlanText('paris')), () => undefined)
  const settings = createLiveSettings(configOf({}))
  const inForce = { prompts: 'old', templates: 'old', level: 'info' as Level }
  const events: string[] = []
  const failAt = (part: typeof failing): Promise<void> =>
    part === failing ? Promise.reject(new Error(`${part} failed`)) : Promise.resolve()
  const needs: ReloadNeeds = {
    read: () => ({
      config: configOf({ log: { level: 'debug' }, retentionDays: 7, provisioning: { templates: '/etc/templates' } }),
      dialplan: planOf(`${samplePlanText('paris')}\n# changed\n`),
    }),
    plan,
    settings,
    async readPrompts() {
      await failAt('prompts')
      return () => {
        inForce.prompts = 'new'
      }
    },
    readTemplates(folder) {
      inForce.templates = folder ?? 'built-in'
    },
    async setLogLevel(level) {
      await failAt('log level')
      inForce.level = level
    },
    node: 'paris-1' as NodeName,
    store: {
      append(_stream, { event = '' }) {
        events.push(event)
        return Promise.resolve()
      },
    },
    log: silentLogger(),
  }
  const state = () => ({ ...inForce, plan: plan.current.fingerprint, retentionDays: settings.current.retentionDays })
  return { reload: createReload(needs), state, events }
}

test('a reload takes over prompts, templates, log level, settings and dial plan', async () => {
  const { reload, state, events } = open('nothing')
  const before = state()
  await reload('anna@desk')
  const after = state()
  expect(after).toMatchObject({ prompts: 'new', templates: '/etc/templates', level: 'debug', retentionDays: 7 })
  expect(after.plan).not.toBe(before.plan)
  expect(events).toEqual(['reloaded'])
})

test.each(['prompts', 'log level'] as const)('a reload changes nothing if the %s cannot be changed', async (part) => {
  const { reload, state, events } = open(part)
  const before = state()
  await expect(reload('anna@desk')).rejects.toThrow(`${part} failed`)
  expect(state()).toEqual(before)
  expect(events).toEqual(['reload.refused'])
})
