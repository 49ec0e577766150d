import { type Page, type PageFormat, shortened } from '../page.js'
import { element, xmlHead, xmlType } from './element.js'

/** The remote phone book of Fanvil, which the phone loads as a whole when it is opened. It has no pages and no links. */
export const fanvilPages: PageFormat = {
  contentType: xmlType,
  paging: { kind: 'whole', lines: 1_000 },
  followsLinks: false,
  print: ({ lines }: Page) =>
    `${xmlHead}<PhoneBook>\n${lines.map(({ name, number }) => entryOf(shortened(name), number ?? '')).join('')}</PhoneBook>\n`,
}

function entryOf(name: string, number: string): string {
  const others = ['Mobile', 'Other', 'Group'].map((kind) => element(kind, '')).join('')
  return `<DirectoryEntry>${element('Name', name)}${element('Telephone', number)}${others}</DirectoryEntry>\n`
}
