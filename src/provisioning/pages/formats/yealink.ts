import { type Page, type PageFormat, shortened } from '../page.js'
import { pageWord } from '../page-words.js'
import { element, xmlHead, xmlType } from './element.js'

/**
 * Remote phone books of Yealink. The phones show no links behind a list, so a long one begins with a menu of its parts. Answers stay below the
 * 10,000 bytes that Yealink allows an object of its browser.
 */
export const yealinkPages: PageFormat = {
  contentType: xmlType,
  paging: { kind: 'menu', lines: 28, links: 16 },
  followsLinks: true,
  print: ({ title, lines, links, language }: Page) =>
    links.length > 0
      ? printed(
          'YealinkIPPhoneMenu',
          title,
          links.map(({ label, url }) => `<MenuItem>${element('Name', label)}${element('URL', url)}</MenuItem>`),
        )
      : printed(
          'YealinkIPPhoneDirectory',
          title,
          (lines.length > 0 ? lines : [{ name: pageWord('nothing', language), number: null }]).map(
            ({ name, number }) =>
              `<DirectoryEntry>${element('Name', shortened(name))}${element('Telephone', number ?? '')}</DirectoryEntry>`,
          ),
        ),
}

function printed(root: string, title: string, children: readonly string[]): string {
  return `${xmlHead}<${root}>\n${[element('Title', title), ...children].join('\n')}\n</${root}>\n`
}
