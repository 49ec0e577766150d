import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { isAppError } from '../../../src/base/errors.js'
import { networkFile, recordKey } from '../../../src/cli/exchange/file/network-file.js'
import { readFile } from '../../../src/cli/exchange/file/read-file.js'
import { check, invalid } from '../../../src/config/yaml/yaml-schema.js'
import { temporaryFolder } from '../../support/process/temporary-folder.js'

function fileOf(name: string, content: string | Buffer): string {
  const file = join(temporaryFolder('odd-files'), name)
  writeFileSync(file, content)
  return file
}

/** What a file says, or the lines of its error behind the first, each with single blanks. */
async function outcomeOf(name: string, content: string | Buffer): Promise<unknown> {
  try {
    const { written, rowProblems } = await readFile(fileOf(name, content))
    const checked = check(networkFile, written, recordKey)
    const problems = ['problems' in checked ? checked.problems : [], rowProblems].flat()
    if (problems.length > 0) throw invalid('IMPORT_INVALID', name, problems)
    const value = Object.entries('value' in checked ? checked.value : {})
    return Object.fromEntries(value.filter(([, records]) => Object.keys(records).length > 0))
  } catch (fault) {
    if (!isAppError(fault, 'IMPORT_INVALID')) throw fault
    return fault.message
      .split('\n')
      .slice(1)
      .map((line) => line.trim().replace(/ {2,}/g, ' '))
  }
}

const latin = (text: string): Buffer => Buffer.from(text, 'latin1')
const utf16 = (text: string): Buffer => Buffer.from(`\ufeff${text}`, 'utf16le')
const bigEndian = (text: string): Buffer => Buffer.from(utf16(text)).swap16()
const people = { users: { 103: { name: 'Müller' }, 104: { name: 'Eve', enabled: 'no' } } }

describe('a table as programs write it is read', () => {
  test.each<[string, string, string | Buffer]>([
    ['plainly', 'p.csv', 'extension,name,enabled\n103,Müller,\n104,Eve,no\n'],
    ['with a byte order mark and semicolons, as Excel does', 'p.csv', '\ufeffextension;name;enabled\r\n103;Müller;\r\n104;Eve;no\r\n'],
    ['in UTF-16 with tabs, as Excel does', 'p.txt', utf16('extension\tname\tenabled\r\n103\tMüller\t\r\n104\tEve\tno\r\n')],
    ['in UTF-16 of the other order', 'p.csv', bigEndian('extension,name,enabled\n103,Müller,\n104,Eve,no\n')],
    ['with a first line that names the separator', 'p.csv', 'sep=;\r\nextension;name;enabled\r\n103;Müller;\r\n104;Eve;no\r\n'],
    ['with tabs', 'p.tsv', 'extension\tname\tenabled\n103\tMüller\t\n104\tEve\tno\n'],
    ['with lines that end as on an old Mac', 'p.csv', 'extension,name,enabled\r103,Müller,\r104,Eve,no\r'],
    ['with line ends that are mixed', 'p.csv', 'extension,name,enabled\r\n103,Müller,\n104,Eve,no'],
    ['with names of columns in capitals, and in another order', 'p.csv', 'NAME,Enabled,EXTENSION\nMüller,,103\nEve,No,104\n'],
    ['with quotes around everything', 'p.csv', '"extension","name","enabled"\n"103","Müller",""\n"104","Eve","no"\n'],
    ['with empty lines, and lines of separators alone', 'p.csv', '\n\nextension,name,enabled\n\n103,Müller,\n,,\n104,Eve,no\n\n,,\n'],
    ['with more separators at the end', 'p.csv', 'extension,name,enabled,,\n103,Müller,,,\n104,Eve,no,,,\n'],
    ['with blanks around, some of which do not break', 'p.csv', ' extension , name ,\u00a0enabled\n103, Müller\u00a0,\n\t104,Eve,no \n'],
    ['with FALSE, as a spreadsheet writes no', 'p.csv', 'extension,name,enabled\n103,Müller,\n104,Eve,FALSE\n'],
    ['without a name that says what it is', 'people', 'extension,name,enabled\n103,Müller,\n104,Eve,no\n'],
  ])('%s', async (_, name, content) => {
    const outcome = (await outcomeOf(name, content)) as typeof people
    expect({
      users: { ...outcome.users, 104: { ...outcome.users[104], enabled: outcome.users[104].enabled?.replace(/FALSE|No/, 'no') } },
    }).toEqual(people)
  })

  test('with columns of several words in any of the usual forms', async () => {
    expect(await outcomeOf('p.csv', 'Extension;Ring seconds;may-hotdesk;second_login;FORWARDBUSY\n103;15;yes;deny;104\n')).toEqual({
      users: { 103: { ringSeconds: '15', mayHotdesk: 'yes', secondLogin: 'deny', forwardBusy: '104' } },
    })
    expect(await outcomeOf('p.csv', 'mac,site,Device\n001565aabbcc,paris,HD0009\n')).toEqual({
      devices: { HD0009: { mac: '001565aabbcc', site: 'paris' } },
    })
  })
})

describe('what cannot be meant is told with its line and column', () => {
  test.each<[string, string | Buffer, string]>([
    [
      'p.csv',
      latin('extension,name\n103,Eve\n104,Jürgen Müller\n'),
      'p.csv:3:6 the byte 0xfc ("ü" in Latin-1) is not UTF-8; save the file as UTF-8 (in Excel: "CSV UTF-8")',
    ],
    [
      'p.yaml',
      latin('users:\n  "103": { name: Chloé }\n'),
      'p.yaml:2:22 the byte 0xe9 ("é" in Latin-1) is not UTF-8; save the file as UTF-8 (in Excel: "CSV UTF-8")',
    ],
    [
      'p.csv',
      'extension,name\n103,M\ufffdller\n',
      'p.csv:2:6 a character was lost here when the file was converted (U+FFFD); write it again',
    ],
    [
      'p.csv',
      Buffer.from('extension,name\n103,Eve\n', 'utf16le'),
      'p.csv:1:2 a zero byte: this is not a text file, or UTF-16 without a byte order mark; save it as UTF-8',
    ],
    [
      'p.xlsx',
      Buffer.from('PK\u0003\u0004\u0014\u0000', 'latin1'),
      'p.xlsx:1:1 this is a workbook or an archive, not text; save the table as CSV in UTF-8',
    ],
    ['p.csv', '', 'p.csv the file is empty'],
    ['p.yaml', '\ufeff \n\n', 'p.yaml the file is empty'],
    ['p.csv', 'extension,name,home\n103,Dave\n', 'p.csv:2:2 expected 3 cells, as in the first line, found 2'],
    [
      'p.csv',
      'extension,name\n103,Doe, Eve\n',
      'p.csv:2:3 expected 2 cells, as in the first line, found 3: quote text that contains a separator',
    ],
    ['p.csv', 'extension,name,\n103,Dave,x\n', 'p.csv:2:3 a cell in a column without a name'],
    ['p.csv', 'extension,name,Name\n103,Dave,Eve\n', 'p.csv:1:3 Name: this column is given twice'],
    [
      'p.csv',
      'extension,nme\n103,Dave\n',
      'p.csv:1:2 nme: unknown column; known here: name, home, enabled, mayHotdesk, mayForward, doNotDisturb, secondLogin, ringSeconds, forwardAlways, forwardBusy, forwardNoAnswer, forwardNotLoggedIn, forwardNotReachable, voicemail, rights, outOfHoursRights, profile, keys, language, timeProfile, pin',
    ],
    [
      'p.csv',
      'name;number\nDave;103\n',
      'p.csv:1:1 expected a first line with column names, one of them extension or device or site; found name, number',
    ],
    [
      'p.csv',
      '103,Dave\n104,Eve\n',
      'p.csv:1:1 expected a first line with column names, one of them extension or device or site; found Dave',
    ],
    ['p.csv', 'extension,name\n\n103,"Doe\nEve"\n', 'p.csv:3:2 users[…].name: expected text, on one line, found "Doe\\nEve"'],
    [
      'p.csv',
      'extension,name,ringSeconds\n103,"Doe, Eve",15\n\n104,Dave,0\n',
      'p.csv:4:3 users[…].ringSeconds: expected seconds, 1 to 600, found "0"',
    ],
    ['p.csv', 'ringSeconds,extension\n25.0,103\n', 'p.csv:2:1 users[…].ringSeconds: expected seconds, 1 to 600, found "25.0"'],
    [
      'p.csv',
      'extension,name\n1.03E+02,Dave\n',
      'p.csv:2:1 users[…]: expected an extension, 1 to 15 digits, found "1.03E+02": a spreadsheet has rewritten it; format the column as text',
    ],
    [
      'p.csv',
      'extension,pin\n103,815\n',
      'p.csv:2:2 users[…].pin: expected a PIN of 4 to 10 digits, or the hash of one, found fewer digits: a spreadsheet removes leading zeros; format the column as text',
    ],
    [
      'p.csv',
      'device,mac\nHD0009,00:15:65:aa:bb\n',
      'p.csv:2:2 devices[…].mac: expected a MAC address, such as 00:15:65:aa:bb:cc, found "00:15:65:aa:bb"',
    ],
    ['p.csv', 'device,hotdesk\nHD0009,maybe\n', 'p.csv:2:2 devices[…].hotdesk: expected yes or no, found "maybe"'],
    [
      'p.csv',
      'extension,secondLogin\n103,sometimes\n',
      'p.csv:2:2 users[…].secondLogin: expected one of move, deny, allow, found "sometimes"',
    ],
    ['p.csv', 'extension,name\n103,Dave\n104,Eve\n103,Dan\n', 'p.csv:4:1 the record is already in line 2'],
    ['p.csv', 'extension,name\n103,"Dave\n104,Eve\n', 'p.csv:3:1 a quote is never closed'],
    [
      'p.yaml',
      'users:\n  "103": { name: Dave }\n  "104": {}\n  "103": { name: Eve }\n',
      'p.yaml:4:3 the key 103 is used twice, first in line 2; keys must be unique',
    ],
    [
      'p.yaml',
      'users:\n  "103":\n    name: Dave\n    ringSeconds: 20\n    name: Eve\n',
      'p.yaml:5:5 the key name is used twice, first in line 3; keys must be unique',
    ],
    ['p.yaml', 'devices:\n  HD0001: {}\n  HD0001: {}\n', 'p.yaml:3:3 the key HD0001 is used twice, first in line 2; keys must be unique'],
    ['p.yaml', 'users:\n\t"103": { name: Dave }\n', 'p.yaml:2:1 Tabs are not allowed as indentation'],
    [
      'p.yaml',
      'users:\n  "103": { name: null }\n',
      'p.yaml:2:18 null is not supported: leave the key out; text needs quotes, such as "null", and "" clears a value',
    ],
    ['p.yaml', 'users:\n  - { extension: "103" }\n', 'p.yaml:1:1 users: expected a block of keys, found a list'],
    ['p.yaml', 'users:\n  "103": { name: [Dave] }\n', 'p.yaml:2:12 users[…].name: expected text, on one line'],
  ])('%s: %j', async (name, content, problem) => {
    expect(await outcomeOf(name, content)).toEqual([problem])
  })

  test('a folder, and a file that is not there', async () => {
    await expect(readFile('/tmp')).rejects.toThrow(/tmp +cannot be read \(EISDIR/)
    await expect(readFile('/tmp/hotdesk-no-such-file.csv')).rejects.toThrow(/hotdesk-no-such-file\.csv +cannot be read \(ENOENT/)
  })
})

describe('what YAML of another version would read otherwise stays as it is written', () => {
  test.each([
    ['users: { 0100: { name: no, ringSeconds: 20 } }\n', { users: { '0100': { name: 'no', ringSeconds: '20' } } }],
    ['users: { "103": { name: "null", enabled: no } }\n', { users: { 103: { name: 'null', enabled: 'no' } } }],
    [
      'devices: { HD0009: { elin: 0033199000100, mac: 00:15:65:11:22:33 } }\n',
      { devices: { HD0009: { elin: '0033199000100', mac: '00:15:65:11:22:33' } } },
    ],
    ['{"users": {"103": {"ringSeconds": 25, "enabled": true}}}', { users: { 103: { ringSeconds: '25', enabled: 'true' } } }],
  ])('%s', async (content, value) => {
    expect(await outcomeOf('p.yaml', content)).toEqual(value)
  })
})

describe('an error never quotes what may be a PIN or a password', () => {
  test.each([
    ['p.csv', 'extension,ringSeconds,pin\n103,4711,25\n'],
    ['p.csv', 'extension,name,pin\n4711,Dave,103\n'],
    ['p.csv', 'extension,enabled,pin\n103,4711,yes\n'],
    ['p.csv', 'device,hotdesk,password\nHD0009,hunter2x4711,yes\n'],
    ['p.csv', 'device,owner,password\nHD0009,hunter,103\n'],
    ['p.csv', 'device,password\nhunter2x4711,HD0009\nhunter2x4711,HD0010\n'],
    ['p.csv', 'extension,secondLogin\n103,4711 move\n'],
    ['p.yaml', 'users: { "4711": {}, "4711": {} }\n'],
    ['p.yaml', 'devices: { hunter2x4711: {}, hunter2x4711: {} }\n'],
    ['p.csv', latin('extension,pin\n103,4711\n104,4711ü\n')],
  ])('%s: %j', async (name, content) => {
    const outcome = JSON.stringify(await outcomeOf(name, content))
    expect(outcome).toMatch(new RegExp(`"${name.replace('.', '\\.')}:\\d`))
    expect(outcome).not.toMatch(/4711|hunter2/)
  })
})
