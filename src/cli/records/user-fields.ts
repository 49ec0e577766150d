import { parseSiteName } from '../../base/identity.js'
import { languages, parseLanguage } from '../../base/language.js'
import {
  type Forwards,
  keyTypes,
  parseKeys,
  parseRightsName,
  parseVoicemail,
  secondLogins,
  type User,
  type UserEdit,
  writeKeys,
} from '../../directory/directory.js'
import { type Field, numberForm, readYesNo, textForm, yesNo, yesOrNo } from './field.js'

type UserField = Field<User, UserEdit>

/** The fields of a user that an operator may set, except the PIN; named as in Redis. */
export const userFields: readonly UserField[] = [
  {
    name: 'name',
    expects: textForm.expects,
    about: 'shown to those the user calls',
    write: ({ name, extension }) => (name === extension ? '' : name),
    read: (text) => (textForm.matches(text) ? { name: text } : null),
  },
  {
    name: 'home',
    expects: 'a site, such as paris',
    about: "the user's home site",
    write: ({ home }) => home,
    read: (text) => (parseSiteName(text) ? { home: text } : null),
  },
  flag('enabled', 'a disabled user is logged out and cannot log in', (enabled) => ({ enabled })),
  flag('mayHotdesk', 'may log in at phones other than their own', (mayHotdesk) => ({ mayHotdesk })),
  flag('mayForward', 'may forward calls from the phone', (mayForward) => ({ mayForward })),
  flag('doNotDisturb', 'callers hear the busy tone, or are forwarded as if the user were busy', (doNotDisturb) => ({ doNotDisturb })),
  {
    name: 'secondLogin',
    expects: `one of ${secondLogins.join(', ')}`,
    about: 'what happens at a login while the user is logged in elsewhere',
    words: secondLogins,
    write: ({ secondLogin }) => secondLogin,
    read: (text) => findIn(secondLogins, text, (secondLogin) => ({ secondLogin })),
  },
  {
    name: 'ringSeconds',
    expects: 'seconds, 1 to 600',
    kind: 'number',
    about: 'how long the phone rings',
    write: ({ ringSeconds }) => String(ringSeconds),
    read: (text) => (/^[1-9][0-9]{0,2}$/.test(text) && Number(text) <= 600 ? { ringSeconds: Number(text) } : null),
  },
  forward('always', 'where all calls go'),
  forward('busy', 'where calls go when the phone is busy'),
  forward('noAnswer', 'where calls go when nobody answers'),
  forward('notLoggedIn', 'where calls go while the user is not logged in'),
  forward('notReachable', 'where calls go while the phone is not registered'),
  {
    name: 'voicemail',
    expects: 'a number, a SIP URI such as sip:100@vm.example.com, or none',
    about: 'where messages are left (default: the voicemail of the site)',
    write: ({ voicemail }) => voicemail ?? '',
    read: (text) => (text === '' || parseVoicemail(text) !== null ? { voicemail: text === '' ? null : text } : null),
  },
  rightsName('rights', 'the rights, by their name in the dial plans (default: those named default)'),
  rightsName('outOfHoursRights', 'the rights outside the hours of the time profile'),
  rightsName('profile', 'what the user is entitled to, by its name in the dial plans (default: everything)'),
  {
    name: 'keys',
    expects: 'keys, such as line, blf:101="Anna", park:1, break-out:london*100@paris',
    about: `programmable keys, in order: ${keyTypes.join(', ')}; @site: works at that site alone; ="…": label`,
    write: ({ keys }) => writeKeys(keys),
    read: (text) => {
      const keys = text === '' ? [] : parseKeys(text)
      return keys === null ? null : { keys }
    },
  },
  {
    name: 'language',
    expects: `one of ${languages.join(', ')}`,
    about: 'of prompts and of the phone (default: that of the site)',
    words: languages,
    write: ({ language }) => language ?? '',
    read: (text) => (text === '' || parseLanguage(text) ? { language: parseLanguage(text) } : null),
  },
  rightsName('timeProfile', 'the hours in which the rights count, by their name in the dial plans'),
]

function flag(
  name: 'enabled' | 'mayHotdesk' | 'mayForward' | 'doNotDisturb',
  about: string,
  edit: (claim: boolean) => UserEdit,
): UserField {
  return {
    name,
    expects: 'yes or no',
    about,
    words: yesOrNo,
    kind: 'flag',
    write: (user) => yesNo(user[name]),
    read: (text) => {
      const claim = readYesNo(text)
      return claim === null ? null : edit(claim)
    },
  }
}

function forward(when: keyof Forwards, about: string): UserField {
  return {
    name: `forward${when.charAt(0).toUpperCase()}${when.slice(1)}`,
    expects: 'a number, as dialled, or voicemail',
    about,
    write: ({ forwards }) => forwards[when] ?? '',
    read: (text) => (numberForm.matches(text) || text === 'voicemail' ? { forwards: { [when]: text === '' ? null : text } } : null),
  }
}

function rightsName(name: 'rights' | 'outOfHoursRights' | 'timeProfile' | 'profile', about: string): UserField {
  return {
    name,
    expects: 'a name, such as manager',
    about,
    write: (user) => user[name] ?? '',
    read: (text) => (text === '' || parseRightsName(text) ? { [name]: text || null } : null),
  }
}

function findIn<Word extends string>(words: readonly Word[], text: string, edit: (word: Word) => UserEdit): UserEdit | null {
  const word = words.find((one) => one === text)
  return word === undefined ? null : edit(word)
}

/** Combines several edits into one. */
export function mergedUserEdit(edits: readonly UserEdit[]): UserEdit {
  const forwards = Object.assign({}, ...edits.map((edit) => edit.forwards)) as Partial<Forwards>
  return { ...(Object.assign({}, ...edits) as UserEdit), ...(Object.keys(forwards).length > 0 ? { forwards } : {}) }
}
