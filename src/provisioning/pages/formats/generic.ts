import type { Page, PageFormat } from '../page.js'

/** For phones and programs without a format of their own. */
export const genericPages: PageFormat = {
  contentType: 'application/json; charset=utf-8',
  paging: { kind: 'steps', lines: 50 },
  followsLinks: true,
  print: ({ title, lines, links, previous, next, search, from, total }: Page) =>
    `${JSON.stringify({ title, from, total, lines, links, previous, next, search }, null, 2)}\n`,
}
