import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import { describe, expect, test } from 'vitest'
import { AppError } from '../../../src/base/errors.js'
import { readCsv } from '../../../src/cli/exchange/file/csv.js'
import { networkFile, recordKey } from '../../../src/cli/exchange/file/network-file.js'
import { createTerminal } from '../../../src/cli/output/terminal.js'
import { parseConfig } from '../../../src/config/config.js'
import { check, invalid, readYaml } from '../../../src/config/yaml/yaml-schema.js'
import { main } from '../../../src/main.js'
import { temporaryFolder } from '../../support/process/temporary-folder.js'

const least = 'node: paris-1\nsite: paris\nsip: { domain: hotdesk.example }\n'
const plan = 'site: paris\nextensions: [1XX]\n'
const secret = /hunter|7392|8465/

async function errorsOf(...args: string[]): Promise<string> {
  const [out, err] = [new PassThrough().resume(), new PassThrough()]
  const code = await main(args, { provide: () => Promise.resolve(), terminal: createTerminal({ out, err, colour: 'plain' }) })
  err.end()
  expect(code).toBe(2)
  return text(err)
}

function checkFile(content: string): Promise<string> {
  const file = join(temporaryFolder('secrets'), 'hotdesk.yaml')
  writeFileSync(file, content)
  return errorsOf('check', '--config', file)
}

function checkPlan(content: string): Promise<string> {
  const file = join(temporaryFolder('secrets'), 'plan.yaml')
  writeFileSync(file, content)
  return checkFile(`${least}dialplan: ${file}\n`)
}

function importErrors(content: string, file: string): string {
  const { written, rowProblems } = file.endsWith('.csv') ? readCsv(content, file) : { written: readYaml(content, file), rowProblems: [] }
  const checked = check(networkFile, written, recordKey)
  return invalid('IMPORT_INVALID', file, ['problems' in checked ? checked.problems : [], rowProblems].flat()).message
}

describe('the configuration', () => {
  test.each([
    ['redis: { sentinels: ["redis://u:hunter2@h:26379"], name: x }', /4:22 +redis\.sentinels\[0\]: expected host:port alone \(user name/],
    ['redis: { sentinels: "redis://u:hunter2@h", name: x }', /redis\.sentinels\[0\]: expected host:port alone/],
    ['redis: { sentinels: { at: hunter2 }, name: x }', /redis\.sentinels: expected a list such as \[one, two\], found a block/],
    ['redis: { cluster: ["redis://:hunter2"] }', /redis\.cluster\[0\]: expected host:port/],
    ['redis: { url: "redis://h", tls: hunter2 }', /redis\.tls: expected yes or no/],
    ['redis: { url: "redis://h", durability: hunter2 }', /redis\.durability: expected local or replicated/],
    ['redis: { url: "redis://h", password:hunter2 }', /redis\.…: unknown key; known here: url/],
    ['drachtio: tcp://hunter2@192.0.2.1:9022', /drachtio\.url: expected embedded or tcp:\/\/host:port/],
    ['drachtio: { url: "hunter2" }', /drachtio\.url: expected embedded/],
    ['http: hunter2', /http: expected a block of keys \(known here: listen\), found a text of 7 characters/],
    ['http: { listen: "u:hunter@2@127.0.0.1:x" }', /http\.listen: expected .*, found "…@127\.0\.0\.1:x"/],
    ['redis: { password: *hunter2 }', /4:20 +a word that begins with \* .* needs quotes/],
    ['redis: { password: !hunter2 }', /4:\d+ +tags are not supported/],
    ['redis: { password: !hunter2 x }', /4:\d+ +tags are not supported/],
    ['redis: { password: !x!hunter2 y }', /4:\d+ +tags are not supported/],
    ['redis:\n  password: |hunter2\n', /5:14 +Block scalar header includes extra characters/],
    ['redis: { password: "\\xhunter" }', /4:\d+ +Invalid escape sequence/],
    ['redis:\n  password: a\n  hunter2 7392\n', /hotdesk\.yaml:\d+:\d+/],
    ['redis: { password: x }\n%hunter2: 7392\n', /hotdesk\.yaml/],
    ['hunter2: 1\nhunter2: 2', /5:1 +this key is used twice/],
  ])('%s', async (line, expected) => {
    const message = await checkFile(`${least}${line}\n`)
    expect(message).not.toMatch(secret)
    expect(message).toMatch(expected)
  })

  test.each([
    ['HOTDESK_REDIS_SENTINELS', 'redis://u:hunter2@h', /HOTDESK_REDIS_SENTINELS +redis\.sentinels\[0\]: expected host:port/],
    ['HOTDESK_REDIS_CLUSTER', 'redis://u:hun,ter2@h', /HOTDESK_REDIS_CLUSTER +redis\.cluster\[0\]: expected host:port/],
    ['HOTDESK_DRACHTIO', 'tcp://hunter2@h:9022', /HOTDESK_DRACHTIO +drachtio\.url: expected embedded/],
  ])('%s=%s', (variable, value, expected) => {
    const parse = () => parseConfig({ text: least, file: '/etc/hotdesk.yaml', env: { [variable]: value }, cwd: '/', purpose: 'look' })
    expect(parse).not.toThrow(/hun|ter2/)
    expect(parse).toThrow(AppError)
    expect(parse).toThrow(expected)
  })
})

describe('a dial plan', () => {
  test.each([
    [
      'trunks: { a: { uri: "sip:user:hunter2@192.0.2.1" } }',
      /3:16 +trunks\.a\.uri: expected a SIP address such as .*username and password/,
    ],
    ['trunks: { a: { uri: "sip:user:hunter2" } }', /trunks\.a\.uri: expected a SIP address/],
    ['trunks: { a: { uri: "sip:h;password=hunter:2" } }', /trunks\.a\.uri: expected a SIP address/],
    ['trunks: { a: "sip:user:hunter2@192.0.2.1" }', /trunks\.a: expected a block of keys .*, found a text of 26 characters/],
    ['trunks: { a: { uri: "sip:192.0.2.1", callerId: hunter2 } }', /trunks\.a\.callerId: expected a telephone number/],
    ['trunks: { "sip:u:hunter2@h": { ping: 1 } }', /3:\d+ +trunks\.…\.uri: missing: expected a SIP address/],
    ['routes: [{ match: "0.", trunks: ["sip:u:hunter2@h"] }]', /no trunk is named "…@h"/],
    ['trunks: { a: { uri: "sip:192.0.2.1", username: u, password: *hunter2 } }', /3:\d+ +a word that begins with \*/],
  ])('%s', async (line, expected) => {
    const message = await checkPlan(`${plan}${line}\n`)
    expect(message).not.toMatch(secret)
    expect(message).toMatch(expected)
  })
})

describe('a file to import', () => {
  test.each([
    ['n.yaml', 'devices:\n  HD0002: hunter2-pw\n', /2:3 +devices\[…\]: expected a block of keys .*, found a text of 10 characters/],
    ['n.yaml', 'users:\n  "103": "739218465"\n', /2:3 +users\[…\]: expected a block of keys .*, found a text of 9 characters/],
    ['n.yaml', 'users: { "103": { pin:739218465 } }\n', /1:19 +users\[…\]\.…: unknown key; known here: name/],
    ['n.yaml', 'users: "739218465"\n', /users: expected a block of keys, found a text of 9 characters/],
    ['n.yaml', '739218465: x\n', /1:1 +…: unknown key/],
    ['n.yaml', 'users:\n  "103": { name: x, ringSeconds: "739218465" }\n', /2:21 +users\[…\]\.ringSeconds: expected seconds/],
    ['n.yaml', 'devices: { HD0001: { password: *hunter2 } }\n', /1:32 +a word that begins with \*/],
    ['n.yaml', 'users: { "739218465": {}, "739218465": {} }\n', /1:27 +this key is used twice/],
    ['p.csv', 'device,password\nhunter2pw,HD0002\n', /p\.csv:2:2 +devices\[…\]\.password: expected a password/],
    ['p.csv', 'device,password\n"!hunter2 pw",HD000002\n', /p\.csv:2:1 +devices\[…\]: expected a device/],
    ['p.csv', 'extension,pin\n739218465,100\n', /p\.csv:2:2 +users\[…\]\.pin: expected a PIN/],
    ['p.csv', 'extension,pin\n739218465,1034\n739218465,1035\n', /p\.csv:3:1 +the record is already in line 2/],
    ['p.csv', 'extension,739218465\n103,x\n', /p\.csv:1:2 +…: unknown column/],
    ['p.csv', 'device,password\nHD0001,hunter"2\n', /p\.csv:2:1 +a quote inside a cell/],
    ['p.csv', 'device,password\nHD0001,"hunter"2\n', /p\.csv:2:1 +expected a separator after a closing quote/],
  ])('%s: %j', (file, content, expected) => {
    const message = importErrors(content, file)
    expect(message).not.toMatch(secret)
    expect(message).toMatch(expected)
  })
})

describe('a command line', () => {
  test.each([
    [['user', 'pin', '100', '--pin=739218465'], /unknown option '--pin=…'[\s\S]*`hotdesk user pin --help`/],
    [['user', 'pin', '100', '--pin739218465'], /unknown option '--pin…'/],
    [['user', 'pin', '100', '-p739218465'], /unknown option '-p…'/],
    [['user', 'pin', '100', '-739218465'], /too many arguments/],
    [['user', 'pin', '100', '739218465'], /too many arguments/],
    [['739218465'], /unknown command '…'/],
    [['user', '739218465'], /unknown command '…'/],
    [['user', 'set', '100', '--forward-busy', "x739'218465"], /option '--forward-busy <[^>]+>': the value is invalid\. Expected/],
    [['user', 'set', '100', '--ring-seconds=739218465'], /option '--ring-seconds <[^>]+>': the value is invalid\. Expected seconds/],
    [['login', "739'218465x", 'HD0001'], /the value of argument 'extension' is invalid\. An extension is 1 to 15 digits/],
    [['export', '--only', 'hunter2'], /option '--only <[^>]+>': the value is invalid\. Allowed choices are/],
    [['chek'], /unknown command 'chek'[\s\S]*Did you mean check/],
  ])('%j', async (args, expected) => {
    const message = await errorsOf(...args)
    expect(message).not.toMatch(secret)
    expect(message).toMatch(expected)
  })
})
