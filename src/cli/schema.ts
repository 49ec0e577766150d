import { Argument, type Command } from 'commander'
import { settingsSchema } from '../config/config.js'
import { dialplanSchema } from '../dialplan/dialplan.js'
import type { CommandNeeds } from './needs.js'

const schemas = { dialplan: dialplanSchema, config: settingsSchema } as const
type SchemaName = keyof typeof schemas

/** `hotdesk schema` */
export function schemaCommand(command: Command, { terminal }: CommandNeeds): void {
  command
    .addArgument(new Argument('<file>', 'the kind of file').choices(Object.keys(schemas)))
    .addHelpText(
      'after',
      [
        '\nAn editor with the YAML language server completes and checks the file if its first line is',
        '  # yaml-language-server: $schema=dialplan.schema.json',
        '\nExamples:',
        '  hotdesk schema dialplan > dialplans/dialplan.schema.json',
        '  hotdesk schema config > hotdesk.schema.json',
      ].join('\n'),
    )
    .action((file: SchemaName) => terminal.print(JSON.stringify(schemas[file](), null, 2)))
}
