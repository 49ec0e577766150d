import { xml } from '../../formats/xml.js'
import { type Page, type PageFormat, shortened } from '../page.js'
import { pageWord } from '../page-words.js'
import { element, xmlHead, xmlType } from './element.js'

/** The minibrowser of Snom. Soft keys F1 to F4; an input replaces its token in the address. */
export const snomPages: PageFormat = {
  contentType: xmlType,
  paging: { kind: 'steps', lines: 24 },
  followsLinks: true,
  print({ title, lines, links, previous, next, ask, language }: Page) {
    const items =
      links.length > 0
        ? links.map(({ label, url }) => menuItem(label, url, null))
        : lines.map(({ name, number }) => menuItem(shortened(name), number === null ? null : `snom://mb_nop#numberdial=${number}`, number))
    const nothing = links.length + lines.length === 0 ? [menuItem(pageWord('nothing', language), null, null)] : []
    const keys = [
      ...softKey('F1', pageWord('search', language), ask),
      ...softKey('F2', pageWord('previous', language), previous),
      ...softKey('F4', pageWord('next', language), next),
    ]
    return printed('SnomIPPhoneMenu', [element('Title', title), ...items, ...nothing, ...keys])
  },
  printForm({ title, search, language }: Page) {
    const name = pageWord('nameOrNumber', language)
    const input = [element('DisplayName', name), element('InputToken', token), '<DefaultValue/>', element('InputFlags', 'a')]
    return printed('SnomIPPhoneInput', [
      element('Title', title),
      element('Prompt', name),
      element('URL', `${search ?? ''}?q=${token}`),
      `<InputItem>${input.join('')}</InputItem>`,
    ])
  },
}

const token = '__Q__'

function menuItem(name: string, url: string | null, extra: string | null): string {
  const parts = [...(url === null ? [] : [element('Url', url)]), ...(extra === null ? [] : [element('ExtraText', extra)])]
  return `<MenuItem name="${xml.escape(name)}">${parts.join('')}</MenuItem>`
}

function softKey(key: string, label: string, url: string | null): readonly string[] {
  return url === null ? [] : [`<SoftKeyItem>${element('Name', key)}${element('Label', label)}${element('URL', url)}</SoftKeyItem>`]
}

function printed(root: string, children: readonly string[]): string {
  return `${xmlHead}<${root}>\n${children.join('\n')}\n</${root}>\n`
}
