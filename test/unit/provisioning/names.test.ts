import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { families, marker, passwordOfPhone, renderedFor } from './sample-view.js'

const markup = ['"', "'", '<b>', '</param>', '&', '&amp;', '&#10;', ']]>', '-->', '<!--', '<!DOCTYPE a [', '\\', '\\u000a', '<br>']
const control = ['\r\n', '\n', '\u2028', '\u0085', '\u0000', '\u001b[2J', '\ud800', '\uffff', '\u202e']
const lines = ['account.1.enable = 0', '#', '=', ';', ';fnc=sd;ext=666', '%NULL%', '$PASSWORD', '$PROXY', '$Tinvite$', '%MACD', '|', '@1/f']
const liquid = ['{{ line.password }}', '{% include "x" %}', '{%- raw -%}', '}}', '%}']

/** Pieces that end a value, a line or a comment in one of the formats, or that a template or a phone would replace. */
const pieces = [markup, control, lines, liquid, ['Zoë', '李', '👩‍💻', ' ', '', '100%']].flat()

const names = fc
  .array(fc.oneof(fc.constantFrom(...pieces), fc.string({ unit: 'binary', maxLength: 5 })), { maxLength: 6 })
  .map((parts) => parts.join(''))

describe.each(families)('names in files of %s', (family) => {
  const usual = renderedFor(marker, family)

  test('a usual name gives a file that the phone can read', () => {
    expect(usual.problems).toEqual([])
    expect(Array.from(usual.settings.values()).flat()).toContain(passwordOfPhone)
    expect(Array.from(usual.settings.values()).some(([value]) => value?.includes(marker))).toBe(true)
  })

  // Whatever a name holds, it stays the value of the settings that show it: it adds no setting, removes none and changes no other. No line end is left in it.
  test('no name breaks out of its place', () => {
    fc.assert(
      fc.property(names, (name) => {
        const { settings, problems } = renderedFor(`${marker}${name}`, family)
        expect(problems).toEqual([])
        expect([...settings.keys()]).toEqual([...usual.settings.keys()])
        for (const [setting, values] of usual.settings)
          if (!values[0]?.includes(marker)) expect([setting, settings.get(setting)]).toEqual([setting, values])
        expect(
          Array.from(settings.values())
            .flat()
            .filter((value) => /[\p{Cc}\u2028\u2029]/u.test(value)),
        ).toEqual([])
      }),
      { numRuns: 60 },
    )
  })
})

test('a password that looks like markup is read back as it is', () => {
  for (const family of families) expect(Array.from(renderedFor('A', family).settings.values()).flat(), family).toContain(passwordOfPhone)
})
