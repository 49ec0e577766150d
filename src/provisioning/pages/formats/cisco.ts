import { type Page, type PageFormat, shortened } from '../page.js'
import { pageWord } from '../page-words.js'
import { element, xmlHead, xmlType } from './element.js'

/** XML services of Cisco. A directory has at most 32 entries, and four soft keys fit below it. */
export const ciscoPages: PageFormat = {
  contentType: xmlType,
  paging: { kind: 'steps', lines: 32 },
  followsLinks: true,
  print({ title, lines, links, previous, next, ask, language }: Page) {
    if (links.length > 0)
      return printed('CiscoIPPhoneMenu', [
        element('Title', title),
        ...links.map(({ label, url }) => `<MenuItem>${element('Name', label)}${element('URL', url)}</MenuItem>`),
      ])
    const nothing = { name: pageWord('nothing', language), number: null }
    const entries = (lines.length > 0 ? lines : [nothing]).map(
      ({ name, number }) => `<DirectoryEntry>${element('Name', shortened(name))}${element('Telephone', number ?? '')}</DirectoryEntry>`,
    )
    const keys = [
      softKey(1, pageWord('dial', language), 'SoftKey:Dial'),
      previous === null ? softKey(2, pageWord('exit', language), 'SoftKey:Exit') : softKey(2, pageWord('previous', language), previous),
      ...(ask === null ? [] : [softKey(3, pageWord('search', language), ask)]),
      ...(next === null ? [] : [softKey(4, pageWord('next', language), next)]),
    ]
    return printed('CiscoIPPhoneDirectory', [element('Title', title), ...entries, ...keys])
  },
  printForm({ title, search, language }: Page) {
    const name = pageWord('nameOrNumber', language)
    const input = [element('DisplayName', name), element('QueryStringParam', 'q'), '<DefaultValue/>', element('InputFlags', 'A')]
    return printed('CiscoIPPhoneInput', [
      element('Title', title),
      element('Prompt', name),
      element('URL', search ?? ''),
      `<InputItem>${input.join('')}</InputItem>`,
    ])
  },
}

function softKey(position: number, name: string, url: string): string {
  return `<SoftKeyItem>${element('Name', name)}${element('URL', url)}${element('Position', String(position))}</SoftKeyItem>`
}

function printed(root: string, children: readonly string[]): string {
  return `${xmlHead}<${root}>\n${children.join('\n')}\n</${root}>\n`
}
