import { type Command, InvalidArgumentError, Option } from 'commander'
import { type Paint, table } from '../output/terminal.js'
import { type Field, optionOf, plainValue } from './field.js'

/** Values of the options, by the name of the field. */
export type Named = Readonly<Record<string, string | undefined>>

/** Adds an option for each field; an invalid value is wrong usage. */
export function addFieldOptions<Item, Edit>(command: Command, fields: readonly Field<Item, Edit>[]): Command {
  for (const field of fields) {
    const checked = (text: string): string => {
      if (field.read(text) === null) throw new InvalidArgumentError(`Expected ${field.expects}.`)
      return text
    }
    const option = new Option(`--${optionOf(field)} <${field.words?.join('|') ?? placeOf(field.expects)}>`, field.about)
    if (field.words) option.argChoices = [...field.words]
    command.addOption(option.argParser(checked))
  }
  return command
}

/** `a number, as one dials it` → `number` */
function placeOf(expects: string): string {
  return expects.replace(/^an? /, '').split(',')[0] ?? expects
}

/** What the options say, one edit each. */
export function editsIn<Item, Edit>(fields: readonly Field<Item, Edit>[], named: Named): Edit[] {
  return fields.flatMap((field) => {
    const text = named[field.name]
    const edit = text === undefined ? null : field.read(text)
    return edit === null ? [] : [edit]
  })
}

/** The fields of one record; `-` for an empty one. */
export function recordLines(entries: readonly (readonly [string, string])[], paint: Paint): string[] {
  return table(entries.map(([name, text]) => [paint.faint(name), text || '-']))
}

/** The same as JSON values. */
export function plainRecord<Item, Edit>(
  fields: readonly Field<Item, Edit>[],
  item: Item,
): Record<string, string | number | boolean | null> {
  return Object.fromEntries(fields.map((field) => [field.name, plainValue(field, field.write(item))]))
}

export function entriesOf<Item, Edit>(fields: readonly Field<Item, Edit>[], item: Item): [string, string][] {
  return fields.map((field) => [field.name, field.write(item)])
}
