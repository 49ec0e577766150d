import { xml } from '../../formats/xml.js'
import { type Page, type PageFormat, shortened } from '../page.js'
import { pageWord } from '../page-words.js'

/** The microbrowser of Poly: HTML, well-formed as XML. A line is dialled by its link. */
export const polyPages: PageFormat = {
  contentType: 'text/html; charset=utf-8',
  paging: { kind: 'steps', lines: 16 },
  followsLinks: true,
  print({ title, lines, links, previous, next, search, language }: Page) {
    const items = links.length > 0 ? links.map(({ label, url }) => link(url, label)) : lines.map(lineText)
    const nothing = items.length === 0 ? [xml.escape(pageWord('nothing', language))] : []
    const steps = [
      ...(previous === null ? [] : [link(previous, pageWord('previous', language))]),
      ...(next === null ? [] : [link(next, pageWord('next', language))]),
    ]
    const form = search === null ? [] : [searchForm(search, pageWord('search', language))]
    return [
      '<html>',
      `<head><title>${xml.escape(title)}</title></head>`,
      '<body>',
      ...form,
      ...[...items, ...nothing, ...steps].map((text) => `<p>${text}</p>`),
      '</body>',
      '</html>',
      '',
    ].join('\n')
  },
}

function lineText({ name, number }: Page['lines'][number]): string {
  return number === null ? xml.escape(shortened(name)) : link(`tel://${encodeURIComponent(number)}`, name)
}

function link(url: string, label: string): string {
  return `<a href="${xml.escape(url)}">${xml.escape(shortened(label))}</a>`
}

function searchForm(url: string, label: string): string {
  return `<form action="${xml.escape(url)}" method="get"><p><input type="text" name="q"/><input type="submit" value="${xml.escape(label)}"/></p></form>`
}
