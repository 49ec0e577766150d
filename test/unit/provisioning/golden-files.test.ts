import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { silentLogger } from '../../../src/base/logger.js'
import type { MakerFile } from '../../../src/provisioning/makers/maker.js'
import { makers } from '../../../src/provisioning/makers/makers.js'
import { createTemplates, problemsIn } from '../../../src/provisioning/rendering/templates.js'
import { phoneStates, sceneOf } from '../../support/phones/phone-scenes.js'
import { lineChanges } from '../../support/repo/line-changes.js'
import { root } from '../../support/repo/source-tree.js'

/** A phone of each family. */
const models: Readonly<Record<string, string>> = {
  yealink: 'Yealink T54W',
  snom: 'Snom D785',
  grandstream: 'Grandstream GRP2614',
  poly: 'Poly VVX 450',
  fanvil: 'Fanvil X5U-V2',
  'gigaset-n': 'Gigaset N870 IP PRO',
  'gigaset-maxwell': 'Gigaset Maxwell 3',
  cisco: 'Cisco 8851',
  generic: '',
}

const templates = createTemplates({ folder: null, log: silentLogger() })
const folder = join(root, 'test/fixtures/phones')

type State = keyof typeof phoneStates

function rendered(model: string, state: State, file: MakerFile): string {
  const { body, problems } = templates.renderFile(sceneOf(model, phoneStates[state]), file)
  expect(problems).toEqual([])
  return body
}

test('every family has its golden files', () => {
  expect(makers.map(({ family }) => family).filter((family) => !(family in models))).toEqual([])
})

// The file of an idle phone is kept whole; of the other states, what is different then. `npx vitest run golden-files -u` writes them again.
describe.each(makers.flatMap(({ family, files }) => files.map((file) => [family, file.template, file] as const)))(
  'the files of %s: %s',
  (family, template, file) => {
    const model = models[family] ?? ''
    const idle = rendered(model, 'idle', file)

    test('idle', async () => {
      expect(problemsIn(idle, file)).toEqual([])
      await expect(idle).toMatchFileSnapshot(join(folder, family, `${template}.idle.txt`))
    })

    test.each(['home', 'visitor', 'overflow'] as const)('%s', async (state) => {
      const body = rendered(model, state, file)
      expect(problemsIn(body, file)).toEqual([])
      // A file beside the main one is the same for everybody.
      if (body !== idle) await expect(lineChanges(idle, body)).toMatchFileSnapshot(join(folder, family, `${template}.${state}.diff`))
    })

    test('draining, like idle but for the state', () => {
      const plain = (text: string): string => text.replaceAll('draining', 'idle')
      expect(plain(rendered(model, 'draining', file))).toBe(plain(idle))
    })
  },
)
