import { homeReturns, parseHomeLostLogout, type Site, type SiteEdit } from '../../directory/directory.js'
import { type Field, textForm } from './field.js'

/** The fields of a site that an operator may set; named as in Redis. */
export const siteFields: readonly Field<Site, SiteEdit>[] = [
  {
    name: 'name',
    expects: textForm.expects,
    about: 'its display name',
    write: ({ id, name }) => (name === id ? '' : name),
    read: (text) => (textForm.matches(text) ? { name: text } : null),
  },
  {
    name: 'homeLostLogout',
    expects: 'a time, such as 24h or 90m, or never',
    about:
      'how long its users stay logged in at other sites after all its nodes are lost, counted from the loss or a later login (default: 24h; 0 is never)',
    // `0` alone would read as "at once".
    write: ({ homeLostLogout, homeLostLogoutMs }) => (homeLostLogoutMs === null ? 'never' : homeLostLogout),
    read: (text) => {
      const stay = parseHomeLostLogout(text)
      if (stay === null) return text === '' ? { homeLostLogout: '' } : null
      return { homeLostLogout: stay.ms === null ? 'never' : text }
    },
  },
  {
    name: 'homeReturn',
    expects: `one of ${homeReturns.join(', ')}`,
    about: 'whether they stay logged in there, or are logged out between calls, once the site has been back for 10 minutes (default: keep)',
    words: homeReturns,
    write: ({ homeReturn }) => homeReturn,
    read: (text) => {
      const homeReturn = homeReturns.find((word) => word === text)
      return homeReturn ? { homeReturn } : null
    },
  },
]

/** Combines several edits into one. */
export function mergedSiteEdit(edits: readonly SiteEdit[]): SiteEdit {
  return Object.assign({}, ...edits) as SiteEdit
}
