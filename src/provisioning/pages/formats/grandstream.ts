import { type Page, type PageFormat, shortened } from '../page.js'
import { element, xmlHead, xmlType } from './element.js'

/** The phone book that Grandstream loads as a whole. An empty one removes what the phone has loaded before. */
export const grandstreamPages: PageFormat = {
  contentType: xmlType,
  paging: { kind: 'whole', lines: 1_000 },
  followsLinks: false,
  print: ({ lines }: Page) =>
    `${xmlHead}<AddressBook>\n<version>1</version>\n${lines.map(({ name, number }) => contactOf(name, number ?? '')).join('')}</AddressBook>\n`,
}

/** Account 0 is the first. */
function contactOf(name: string, number: string): string {
  const phone = `<Phone type="Work">${element('phonenumber', number)}${element('accountindex', '0')}</Phone>`
  return `<Contact>${element('LastName', shortened(name))}${phone}</Contact>\n`
}
